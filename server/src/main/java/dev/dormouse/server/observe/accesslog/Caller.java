package dev.dormouse.server.observe.accesslog;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import java.util.List;

/**
 * Who asked for what, as far as it is logged: no query, neither of the request nor of the page that
 * refers to it, because tokens are in queries; of headers, two. Each text is cut after {@value
 * #CHARS_MAX} characters.
 *
 * @param address the client's address; empty if it is not known
 * @param user who it is, if it was authenticated; else empty
 * @param method such as {@code GET}
 * @param path without query
 * @param protocol such as {@code HTTP/1.1}
 * @param referer of the header {@code Referer}, what is before the query; empty if there is none
 * @param agent the header {@code User-Agent}; empty if there is none
 */
record Caller(
    String address,
    String user,
    String method,
    String path,
    String protocol,
    String referer,
    String agent) {
  static final int CHARS_MAX = 1024;

  /** A connection of which nothing was heard before. */
  static final Caller UNKNOWN = new Caller("", "", "", "", "", "", "");

  /** Cuts what is too long, and what is secret. */
  Caller {
    user = cut(user);
    method = cut(method);
    path = cut(withoutQuery(path));
    referer = cut(withoutQuery(referer));
    agent = cut(agent);
  }

  /** Who asks for an upgrade. */
  static Caller of(RequestHead head) {
    return new Caller(
        head.remoteAddress(),
        "",
        head.method(),
        head.path(),
        "HTTP/1.1",
        value(head.headers(), "Referer"),
        value(head.headers(), "User-Agent"));
  }

  /** The same, now that it is known who it is. */
  Caller authenticated(String as) {
    return new Caller(address, as, method, path, protocol, referer, agent);
  }

  private static String value(List<Header> headers, String name) {
    return headers.stream()
        .filter(header -> header.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst()
        .orElse("");
  }

  private static String withoutQuery(String uri) {
    int end = 0;
    while (end < uri.length() && uri.charAt(end) != '?' && uri.charAt(end) != '#') {
      end++;
    }
    return uri.substring(0, end);
  }

  private static String cut(String text) {
    return text.length() <= CHARS_MAX ? text : text.substring(0, CHARS_MAX) + "…";
  }
}
