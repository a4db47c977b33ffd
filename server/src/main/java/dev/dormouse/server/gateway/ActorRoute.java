package dev.dormouse.server.gateway;

import java.util.List;

/**
 * Where the actors of a type are found.
 *
 * @param type the actor type's name
 * @param path a vertx-web path with the parameter {@code :key}, such as {@code /chat/:key}; the
 *     parameter, percent-decoded, is the actor's key
 * @param answersHttp whether plain requests go to the actor; otherwise they are answered 426
 * @param messageBytesMax the longest message a client may send, in bytes; over it the connection is
 *     closed with 1009
 * @param subprotocols those that clients may choose from
 * @param compression whether clients that offer permessage-deflate get it
 */
public record ActorRoute(
    String type,
    String path,
    boolean answersHttp,
    int messageBytesMax,
    List<String> subprotocols,
    boolean compression) {

  /** The path parameter that is the actor's key. */
  static final String KEY = "key";

  /**
   * Checks it, and copies the list.
   *
   * @throws IllegalArgumentException if the path has no {@code :key}, or the limit is not positive
   */
  public ActorRoute {
    subprotocols = List.copyOf(subprotocols);
    if (!path.contains(":" + KEY)) {
      throw new IllegalArgumentException("path " + path + " has no parameter :" + KEY);
    }
    if (messageBytesMax <= 0) {
      throw new IllegalArgumentException("a message limit of " + messageBytesMax + " bytes");
    }
  }
}
