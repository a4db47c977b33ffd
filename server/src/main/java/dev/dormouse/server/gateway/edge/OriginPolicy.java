package dev.dormouse.server.gateway.edge;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides which web pages may connect (RFC 6455, section 10.2): those of the server's own host and
 * port, and those that are listed. Clients that are no browsers send no origin and are not asked
 * for one.
 *
 * <p><b>Own hosts.</b> Whoever has a name can have it lead to any address, to one of the visitor's
 * own machine for example; a page of that name would then be the server's own (DNS rebinding). So
 *
 * <ul>
 *   <li>if hosts are listed, requests by any other name are misdirected, whoever sends them;
 *   <li>if none are, those are that browsers on this machine send for pages of such a name, unless
 *       the page is listed or the connection encrypted: the certificate would have to have the
 *       name. From other machines, a name that leads here proves nothing and is believed.
 * </ul>
 *
 * <p>Where the request was encrypted, so must the page be. Where it was not, a proxy that is not
 * listed may have ended TLS: pages of both schemes are the server's own, each with its default
 * port.
 */
public final class OriginPolicy {
  private static final String ALL = "*";

  private final boolean isForAll;
  private final Set<WebOrigin> allowed;

  /** The hosts that are listed, and those of listed pages. */
  private final OwnHosts hosts;

  private final boolean isListingHosts;

  /** Creates a policy that allows origins besides the server's own, whose hosts are not listed. */
  public OriginPolicy(Set<String> allowed) {
    this(allowed, Set.of());
  }

  /**
   * Creates a policy that allows origins besides the server's own.
   *
   * @param ownHosts names of the server's; empty if they are not listed
   * @throws IllegalArgumentException if an entry is no origin, or no host; the message names it
   */
  public OriginPolicy(Set<String> allowed, Set<String> ownHosts) {
    this.isForAll = allowed.contains(ALL);
    if (isForAll && allowed.size() > 1) {
      throw new IllegalArgumentException("'*' allows every origin, and stands alone");
    }
    this.allowed =
        isForAll
            ? Set.of()
            : allowed.stream().map(OriginPolicy::entry).collect(Collectors.toUnmodifiableSet());
    this.isListingHosts = !ownHosts.isEmpty();
    OwnHosts.of(ownHosts); // not of both: an error names the one that has it
    Set<String> names = new HashSet<>(ownHosts);
    if (!ownHosts.contains(ALL)) {
      this.allowed.stream()
          .filter(WebOrigin::isOfTheWeb)
          .forEach(origin -> names.add(origin.host()));
    }
    this.hosts = OwnHosts.of(names);
  }

  private static WebOrigin entry(String text) {
    WebOrigin origin = WebOrigin.parse(text);
    if (origin == null) {
      throw new IllegalArgumentException(
          ("'%s' is no origin such as https://example.org, http://127.0.0.1:8080,"
                  + " capacitor://localhost, file:// or null%s")
              .formatted(
                  text,
                  text.chars().anyMatch(c -> c > 0x7F)
                      ? "; international names are written in ASCII (xn--…)"
                      : ""));
    }
    return origin;
  }

  /**
   * Returns whether a request is for somebody else whose name leads here (RFC 9110, section
   * 15.5.20).
   *
   * @param headers of the request
   */
  public boolean isMisdirected(Target target, MultiMap headers) {
    if (hosts.contains(target.authority())) {
      return false;
    }
    return isListingHosts
        || (target.isLocal() && !target.isHttps() && isOfOwnPage(target, headers));
  }

  /**
   * Returns whether a browser sends the request for a page that would pass for the server's own.
   */
  private boolean isOfOwnPage(Target target, MultiMap headers) {
    String header = headers.get(HttpHeaders.ORIGIN);
    if (header == null) {
      String agent = headers.get(HttpHeaders.USER_AGENT);
      return !isForAll
          && (headers.contains("Sec-Fetch-Site")
              || (agent != null && agent.startsWith("Mozilla/")));
    }
    WebOrigin origin = WebOrigin.parse(header.strip());
    return !isForAll && origin != null && !allowed.contains(origin) && isOwn(origin, target);
  }

  /**
   * Returns whether a page may connect.
   *
   * @param header its header {@code Origin}
   * @param target what it connects to
   */
  public boolean allows(String header, Target target) {
    if (isForAll) {
      return true;
    }
    WebOrigin origin = WebOrigin.parse(header);
    return origin != null && (allowed.contains(origin) || isOwn(origin, target));
  }

  private static boolean isOwn(WebOrigin origin, Target target) {
    return origin.isOfTheWeb()
        && (origin.isHttps() || !target.isHttps())
        && origin.equals(WebOrigin.parse(origin.scheme() + "://" + target.authority()));
  }
}
