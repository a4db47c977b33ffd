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
 * @param messagesPerSecondMax how many messages a client may send in a second, as many of them at
 *     once; over it the connection is closed with 1008; zero: any number
 */
public record ActorRoute(
    String type, String path, boolean answersHttp, int messageBytesMax, int messagesPerSecondMax) {

  /** The path parameter that is the actor's key. */
  static final String KEY = "key";

  /**
   * Checks it.
   *
   * @throws IllegalArgumentException if the path has no {@code :key}, or a limit is not positive
   */
  public ActorRoute {
    if (!path.contains(":" + KEY)) {
      throw new IllegalArgumentException("path " + path + " has no parameter :" + KEY);
    }
    if (messageBytesMax <= 0) {
      throw new IllegalArgumentException("a message limit of " + messageBytesMax + " bytes");
    }
    if (messagesPerSecondMax < 0) {
      throw new IllegalArgumentException("a limit of " + messagesPerSecondMax + " messages");
    }
  }

  /** Messages may come at any rate. */
  public ActorRoute(String type, String path, boolean answersHttp, int messageBytesMax) {
    this(type, path, answersHttp, messageBytesMax, 0);
  }

  /** The same, with another limit of messages in a second. */
  public ActorRoute withMessagesPerSecondMax(int messagesPerSecondMax) {
    return new ActorRoute(type, path, answersHttp, messageBytesMax, messagesPerSecondMax);
  }
}
