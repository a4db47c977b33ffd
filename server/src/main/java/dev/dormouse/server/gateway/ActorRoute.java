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
 * @param messagesPerSecondMax how many messages a client may send in a second, as many of them at
 *     once; over it the connection is closed with 1008; zero: any number
 * @param subprotocols those that clients may choose from
 * @param compression whether clients that offer permessage-deflate get it
 */
public record ActorRoute(
    String type,
    String path,
    boolean answersHttp,
    int messageBytesMax,
    int messagesPerSecondMax,
    List<String> subprotocols,
    boolean compression) {

  /** The path parameter that is the actor's key. */
  static final String KEY = "key";

  /**
   * Checks it, and copies the list.
   *
   * @throws IllegalArgumentException if the path has no {@code :key}, or a limit is not positive
   */
  public ActorRoute {
    subprotocols = List.copyOf(subprotocols);
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

  /** Messages may come at any rate; no subprotocols, no compression. */
  public ActorRoute(String type, String path, boolean answersHttp, int messageBytesMax) {
    this(type, path, answersHttp, messageBytesMax, 0, List.of(), false);
  }

  /** The same, with another limit of messages in a second. */
  public ActorRoute withMessagesPerSecondMax(int messagesPerSecondMax) {
    return new ActorRoute(
        type, path, answersHttp, messageBytesMax, messagesPerSecondMax, subprotocols, compression);
  }
}
