package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.RequestHead;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Returns the URLs of sockets without secrets. A URL is the one that the client used; if that is
 * not known any more, it is made of the path of the actor's type.
 */
final class SocketUrls {
  private final String scheme;
  private final Supplier<String> authority;
  private final Map<String, String> paths;

  /**
   * Creates the URLs of a server.
   *
   * @param isTls whether the server speaks TLS; the scheme that a proxy uses is not known here
   * @param authority returns the server's host and port
   * @param paths the path of each actor type's route, with {@code :key} or {@code :key*}
   */
  SocketUrls(boolean isTls, Supplier<String> authority, Map<String, String> paths) {
    this.scheme = isTls ? "wss://" : "ws://";
    this.authority = authority;
    this.paths = Map.copyOf(paths);
  }

  /** Returns the URL of a request. */
  String of(RequestHead head) {
    StringBuilder url = new StringBuilder(scheme);
    url.append(head.header("Host").orElseGet(authority)).append(head.path());
    char separator = '?';
    for (Map.Entry<String, List<String>> parameter : new TreeMap<>(head.query()).entrySet()) {
      String name = parameter.getKey();
      for (String value : parameter.getValue()) {
        url.append(separator).append(encode(name)).append('=');
        url.append(Redaction.isSecretParameter(name) ? Redaction.REDACTED : encode(value));
        separator = '&';
      }
    }
    return url.toString();
  }

  /** Returns the URL of an actor. */
  String of(ActorId actor) {
    String path = paths.getOrDefault(actor.type(), "/" + actor.type() + "/:key");
    return scheme
        + authority.get()
        + path.replace(":key*", ":key").replace(":key", encode(actor.key()));
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
