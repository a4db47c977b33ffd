package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.limits.HandledKinds;

/**
 * The path under which clients find the actors of a type.
 *
 * @param type the actor type's name
 * @param path a vertx-web path with the parameter {@code :key}, such as {@code /chat/:key}; the
 *     parameter, percent-decoded, is the actor's key
 * @param handled the kinds of messages and requests that go to the actor
 * @param options the type's choices, such as limits of messages, subprotocols and compression
 */
public record ActorRoute(String type, String path, HandledKinds handled, ActorOptions options) {
  /** The path parameter that is the actor's key. */
  static final String KEY = "key";

  /**
   * Checks that the path names the key.
   *
   * @throws IllegalArgumentException if the path has no {@code :key}
   */
  public ActorRoute {
    if (!path.contains(":" + KEY)) {
      throw new IllegalArgumentException("path " + path + " has no parameter :" + KEY);
    }
  }

  /** Returns the route of an actor type, whose actors are of a class or of its subclasses. */
  public static ActorRoute of(
      String type, String path, Class<? extends WebSocketActor<?>> actors, ActorOptions options) {
    return new ActorRoute(type, path, HandledKinds.of(actors), options);
  }
}
