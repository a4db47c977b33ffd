package dev.dormouse.server.gateway;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which web pages may connect (RFC 6455, section 10.2): those of the server's own host and port,
 * and those that are listed. Clients that are no browsers send no origin and are not asked for one.
 */
final class OriginPolicy {
  private static final String ALL = "*";
  private static final Pattern WEB = Pattern.compile("(https?)://([^/?#@]+)");
  private static final Pattern PORT = Pattern.compile(":[0-9]*$");

  private final Set<String> allowed;

  OriginPolicy(Set<String> allowed) {
    this.allowed =
        allowed.stream()
            .map(origin -> origin.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Whether a page of this origin may connect.
   *
   * @param origin the header {@code Origin}
   * @param host the header {@code Host}; without a port it has the default port of the origin's
   *     scheme, since a proxy may have ended TLS
   */
  boolean allows(String origin, String host) {
    String lower = origin.toLowerCase(Locale.ROOT);
    if (allowed.contains(ALL) || allowed.contains(lower)) {
      return true;
    }
    Matcher web = WEB.matcher(lower);
    if (!web.matches()) {
      return false;
    }
    String defaultPort = web.group(1).equals("https") ? ":443" : ":80";
    return withPort(web.group(2), defaultPort)
        .equals(withPort(host.toLowerCase(Locale.ROOT), defaultPort));
  }

  private static String withPort(String authority, String defaultPort) {
    return PORT.matcher(authority).find() ? authority : authority + defaultPort;
  }
}
