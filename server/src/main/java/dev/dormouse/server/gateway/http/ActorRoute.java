package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ActorOptions;

/**
 * The path under which clients find the actors of a type.
 *
 * @param type the actor type's name
 * @param path a vertx-web path with the parameter {@code :key}, such as {@code /chat/:key}; the
 *     parameter, percent-decoded, is the actor's key
 * @param answersHttp whether plain requests go to the actor; otherwise they are answered 426
 * @param options the type's choices, such as limits of messages, subprotocols and compression
 */
public record ActorRoute(String type, String path, boolean answersHttp, ActorOptions options) {

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
}
