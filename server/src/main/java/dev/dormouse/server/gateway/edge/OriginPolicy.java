package dev.dormouse.server.gateway.edge;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides which web pages may connect (RFC 6455, section 10.2): pages of the server's own host and
 * port, and pages of listed origins. Clients that are no browsers send no origin, and need none.
 *
 * <p><b>Own hosts.</b> The owner of a name can direct the name to any address, for example to the
 * visitor's own machine. A page of that name would then pass for the server's own (DNS rebinding).
 * For that reason some requests are refused as misdirected:
 *
 * <ul>
 *   <li>If hosts are listed, every request for another name is misdirected.
 *   <li>If no hosts are listed, a request is misdirected if a browser on this machine sends it for
 *       a page of the name that it asks for. Pages of listed origins and encrypted connections are
 *       exempt; with TLS, the certificate would have to bear the name. Requests of other machines
 *       are believed, because a name that leads here is no sign of an attack there.
 * </ul>
 *
 * <p>If the request was encrypted, its page must be encrypted, too. If the request was not
 * encrypted, a proxy that is not listed may have ended TLS; so pages of both schemes, each with its
 * default port, are the server's own.
 */
public final class OriginPolicy {
  private static final String ALL = "*";

  private final boolean isForAll;
  private final Set<WebOrigin> allowed;

  /** The listed hosts and the hosts of listed origins. */
  private final OwnHosts hosts;

  /** True if hosts are listed. */
  private final boolean isListingHosts;

  /** Creates a policy that allows listed origins and the server's own, without listed hosts. */
  public OriginPolicy(Set<String> allowed) {
    this(allowed, Set.of());
  }

  /**
   * Creates a policy that allows listed origins and the server's own.
   *
   * @param allowed the listed origins, or {@code *} alone for all
   * @param ownHosts the names of the server's own hosts; empty if they are not listed
   * @throws IllegalArgumentException if an entry is no origin or no host; the message names it
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
    OwnHosts.of(
        ownHosts); // checked by themselves, so that an error names an entry of the right list
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
   * Returns whether a request is misdirected: it asks for a name that is not the server's (RFC
   * 9110, section 15.5.20).
   *
   * @param headers the headers of the request
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
   * @param header the page's header {@code Origin}
   * @param target the address that the page connects to
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
