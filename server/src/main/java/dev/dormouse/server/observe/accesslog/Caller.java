package dev.dormouse.server.observe.accesslog;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import java.util.List;

/**
 * Identifies a client and its request, as far as they are logged. Queries are left out, both of the
 * request and of the referring page, because they may hold tokens; of the headers, only two are
 * kept. Each text is cut after {@value #CHARS_MAX} characters.
 *
 * @param address the client's address; empty if it is not known
 * @param user the user's name, if the client was authenticated; else empty
 * @param method such as {@code GET}
 * @param path the path without the query
 * @param protocol such as {@code HTTP/1.1}
 * @param referer the header {@code Referer} without its query; empty if there is none
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

  /** The caller of a connection whose upgrade was not observed. */
  static final Caller UNKNOWN = new Caller("", "", "", "", "", "", "");

  /** Cuts long texts, and removes the query from path and referer. */
  Caller {
    user = cut(user);
    method = cut(method);
    path = cut(withoutQuery(path));
    referer = cut(withoutQuery(referer));
    agent = cut(agent);
  }

  /** Returns the caller of an upgrade request. */
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

  /** Returns a copy with the user's name. */
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
