package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.limits.HandledKinds;
import io.vertx.ext.web.RoutingContext;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The path under which clients find the actors of a type.
 *
 * @param type the actor type's name
 * @param path a vertx-web path with the parameter {@code :key}, such as {@code /chat/:key}; the
 *     parameter, percent-decoded, is the actor's key. In a path that ends with {@code :key*}, such
 *     as {@code /docs/:key*}, the key is the whole rest of a request's path, slashes included
 * @param handled the kinds of messages and requests that go to the actor
 * @param options the type's choices, such as limits of messages, subprotocols and compression
 */
public record ActorRoute(String type, String path, HandledKinds handled, ActorOptions options) {
  /** The path parameter that is the actor's key. */
  private static final String KEY = "key";

  /** The end of a path whose key is the rest of a request's path. */
  private static final String REST = "/:" + KEY + "*";

  /**
   * Checks that the path names the key.
   *
   * @throws IllegalArgumentException if the path has no {@code :key}, or has {@code :key*} before
   *     its end
   */
  public ActorRoute {
    checkPath(path);
  }

  /**
   * Checks that a path names the key.
   *
   * @throws IllegalArgumentException if it does not; the message says why
   */
  public static void checkPath(String path) {
    List<String> parts = List.of(path.split("/", -1));
    int rest = parts.indexOf(":" + KEY + "*");
    if (rest >= 0 && rest < parts.size() - 1) {
      throw new IllegalArgumentException(
          "the path '%s' has ':key*' before its end; ':key*' takes the rest of a path, so it must be"
                  .formatted(path)
              + " the last part");
    }
    if (rest < 0 && !parts.contains(":" + KEY)) {
      throw new IllegalArgumentException("the path '%s' has no ':key'".formatted(path));
    }
  }

  /** Returns the route of an actor type, whose actors are of a class or of its subclasses. */
  public static ActorRoute of(
      String type, String path, Class<? extends WebSocketActor<?>> actors, ActorOptions options) {
    return new ActorRoute(type, path, HandledKinds.of(actors), options);
  }

  /**
   * Returns the key in a request's path, decoded once; empty if there is none. It is read from the
   * path as the router reads it, which has resolved dot segments and doubled slashes.
   */
  String keyOf(RoutingContext request) {
    if (!path.endsWith(REST)) {
      String key = request.pathParam(KEY);
      return key == null ? "" : key;
    }
    String mount = request.mountPoint();
    int at = mount == null ? 0 : mount.length() - (mount.endsWith("/") ? 1 : 0);
    String whole = request.normalizedPath();
    for (int slashes = path.split("/", -1).length - 1; slashes > 0; slashes--) {
      at = whole.indexOf('/', at) + 1;
    }
    return URLDecoder.decode(whole.substring(at).replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
