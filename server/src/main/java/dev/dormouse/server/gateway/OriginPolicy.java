package dev.dormouse.server.gateway;

import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which web pages may connect (RFC 6455, section 10.2): those of the server's own host and port,
 * and those that are listed. Clients that are no browsers send no origin and are not asked for one.
 *
 * <p>Where the request was encrypted, so must the page be. Where it was not, a proxy that is not
 * listed may have ended TLS: pages of both schemes are the server's own, each with its default
 * port.
 */
final class OriginPolicy {
  private static final String ALL = "*";

  private final boolean isForAll;
  private final Set<WebOrigin> allowed;

  /**
   * With origins besides the server's own.
   *
   * @throws IllegalArgumentException if an entry is no origin; the message names it
   */
  OriginPolicy(Set<String> allowed) {
    this.isForAll = allowed.contains(ALL);
    if (isForAll && allowed.size() > 1) {
      throw new IllegalArgumentException("'*' allows every origin, and stands alone");
    }
    this.allowed =
        isForAll
            ? Set.of()
            : allowed.stream().map(OriginPolicy::entry).collect(Collectors.toUnmodifiableSet());
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
   * Whether a page may connect.
   *
   * @param header its header {@code Origin}
   * @param target what it connects to
   */
  boolean allows(String header, Handshake.Target target) {
    if (isForAll) {
      return true;
    }
    WebOrigin origin = WebOrigin.parse(header);
    return origin != null && (allowed.contains(origin) || isOwn(origin, target));
  }

  private static boolean isOwn(WebOrigin origin, Handshake.Target target) {
    return origin.isOfTheWeb()
        && (origin.isHttps() || !target.isHttps())
        && origin.equals(WebOrigin.parse(origin.scheme() + "://" + target.authority()));
  }
}
