package dev.dormouse.server.gateway.edge;

import java.net.InetAddress;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The origin of a web page (RFC 6454). Pages with equal origins have the same rights. Pages of apps
 * and browser extensions have schemes of their own, such as {@code capacitor://localhost} and
 * {@code file://}.
 *
 * @param scheme the scheme in lower case; empty for {@link #NULL}
 * @param host the host in lower case; international names in ASCII, as browsers send them; IPv6 in
 *     brackets; empty only if the scheme is not of the web
 * @param port the port; {@value #NO_PORT} if the scheme is not of the web and no port is written
 */
record WebOrigin(String scheme, String host, int port) {
  private static final int NO_PORT = -1;

  /**
   * The origin {@code null} of all pages whose origin a browser does not tell, such as files in
   * most browsers.
   */
  static final WebOrigin NULL = new WebOrigin("", "", NO_PORT);

  private static final Pattern SERIALIZED =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://([^:\\[\\]]*|\\[[^\\[\\]]*])(?::([0-9]{1,5}))?");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._~-]+");

  /** Reads the value of a header {@code Origin} (section 6.2); null if it is no origin. */
  static @Nullable WebOrigin parse(String text) {
    if (text.equals("null")) {
      return NULL;
    }
    Matcher matcher = SERIALIZED.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    String scheme = matcher.group(1).toLowerCase(Locale.ROOT);
    String host = host(matcher.group(2));
    String port = matcher.group(3);
    if (host == null || (host.isEmpty() && (port != null || defaultPort(scheme) != NO_PORT))) {
      return null;
    }
    return new WebOrigin(scheme, host, port == null ? defaultPort(scheme) : Integer.parseInt(port));
  }

  private static @Nullable String host(String text) {
    if (text.isEmpty()) {
      return text;
    }
    if (!text.startsWith("[")) {
      return NAME.matcher(text).matches() ? text.toLowerCase(Locale.ROOT) : null;
    }
    String literal = text.substring(1, text.length() - 1);
    InetAddress address = literal.indexOf(':') < 0 ? null : Addresses.parse(literal);
    return address == null ? null : "[" + Addresses.text(address) + "]";
  }

  private static int defaultPort(String scheme) {
    return switch (scheme) {
      case "http" -> 80;
      case "https" -> 443;
      default -> NO_PORT;
    };
  }

  boolean isHttps() {
    return scheme.equals("https");
  }

  boolean isOfTheWeb() {
    return isHttps() || scheme.equals("http");
  }
}
