package dev.dormouse.server.gateway;

/**
 * Where the actors of a type are found.
 *
 * @param type the actor type's name
 * @param path a vertx-web path with the parameter {@code :key}, such as {@code /chat/:key}; the
 *     parameter, percent-decoded, is the actor's key
 * @param answersHttp whether plain requests go to the actor; otherwise they are answered 426
 * @param messageBytesMax the longest message a client may send, in bytes; over it the connection is
 *     closed with 1009
 */
public record ActorRoute(String type, String path, boolean answersHttp, int messageBytesMax) {

  /** The path parameter that is the actor's key. */
  static final String KEY = "key";

  /**
   * Checks it.
   *
   * @throws IllegalArgumentException if the path has no {@code :key}, or the limit is not positive
   */
  public ActorRoute {
    if (!path.contains(":" + KEY)) {
      throw new IllegalArgumentException("path " + path + " has no parameter :" + KEY);
    }
    if (messageBytesMax <= 0) {
      throw new IllegalArgumentException("a message limit of " + messageBytesMax + " bytes");
    }
  }
}
