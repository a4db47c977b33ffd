package dev.dormouse.sdk;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an actor type may choose. Immutable; each method returns a changed copy.
 *
 * <pre>{@code
 * .actor("/chat/:key", ChatRoom.class, ChatRoom::new, o -> o.stores(Line.class).onFailure(FailurePolicy.CLOSE))
 * }</pre>
 *
 * @param name the type's name in ids, logs and stored keys; null: made of the path's fixed parts,
 *     {@code /bench/echo/:key} being {@code bench-echo}
 * @param stored the classes of attachments and stored values, besides the attachment class itself
 * @param failurePolicy what becomes of a connection whose message made its handler throw
 * @param threading where the handlers run
 * @param messageBytesMax the largest message a client may send, in bytes; over it the connection is
 *     closed with 1009
 * @param messagesPerSecondMax how many messages a client may send in a second, as many of them at
 *     once; over it the connection is closed with 1008; zero: any number
 * @param attachmentBytesMax the largest attachment, in bytes as serialized
 * @param subprotocols the subprotocols that clients may choose from (RFC 6455, section 1.9)
 * @param compression whether clients may have messages compressed (RFC 7692)
 */
public record ActorOptions(
    @Nullable String name,
    List<Class<?>> stored,
    FailurePolicy failurePolicy,
    Threading threading,
    int messageBytesMax,
    int messagesPerSecondMax,
    int attachmentBytesMax,
    List<String> subprotocols,
    boolean compression) {

  /** The largest message that {@link #messageBytesMax(int)} allows: 32 MiB. */
  public static final int MESSAGE_BYTES_CEILING = 32 << 20;

  /** The largest attachment that {@link #attachmentBytesMax(int)} allows: 1 MiB. */
  public static final int ATTACHMENT_BYTES_CEILING = 1 << 20;

  /** What RFC 9110, section 5.6.2, calls a token. */
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /** Checks the limits and the subprotocols. */
  public ActorOptions {
    stored = List.copyOf(stored);
    subprotocols = List.copyOf(subprotocols);
    subprotocols.forEach(ActorOptions::checkToken);
    checkRange("messageBytesMax", messageBytesMax, MESSAGE_BYTES_CEILING);
    if (messagesPerSecondMax < 0) {
      throw new IllegalArgumentException(
          "messagesPerSecondMax " + messagesPerSecondMax + " is negative");
    }
    checkRange("attachmentBytesMax", attachmentBytesMax, ATTACHMENT_BYTES_CEILING);
  }

  /**
   * 1 MiB messages at any rate, 16 KiB attachments, handlers may block, connections stay open on
   * failure.
   */
  public static ActorOptions defaults() {
    return new ActorOptions(
        null,
        List.of(),
        FailurePolicy.KEEP_OPEN,
        Threading.MAY_BLOCK,
        1 << 20,
        0,
        16 << 10,
        List.of(),
        false);
  }

  /** Names the type; stored data is found by this name, so it must not change. */
  public ActorOptions named(String name) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        attachmentBytesMax,
        subprotocols,
        compression);
  }

  /**
   * Names classes that attachments and stored values are made of. A class that is not named cannot
   * be stored, nor made from stored bytes. The attachment class need not be named.
   */
  public ActorOptions stores(Class<?>... classes) {
    List<Class<?>> more = new ArrayList<>(stored);
    more.addAll(List.of(classes));
    return new ActorOptions(
        name,
        more,
        failurePolicy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        attachmentBytesMax,
        subprotocols,
        compression);
  }

  /** Chooses what becomes of a connection whose message made its handler throw. */
  public ActorOptions onFailure(FailurePolicy policy) {
    return new ActorOptions(
        name,
        stored,
        policy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        attachmentBytesMax,
        subprotocols,
        compression);
  }

  /** Chooses where the handlers run. */
  public ActorOptions threading(Threading threading) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        attachmentBytesMax,
        subprotocols,
        compression);
  }

  /**
   * Limits the messages that clients may send.
   *
   * @param bytes 1 to 32 MiB
   * @throws IllegalArgumentException if it is out of range
   */
  public ActorOptions messageBytesMax(int bytes) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        bytes,
        messagesPerSecondMax,
        attachmentBytesMax,
        subprotocols,
        compression);
  }

  /**
   * Limits how many messages a client may send in a second.
   *
   * @param messages at least 1; 0 for any number, the default
   * @throws IllegalArgumentException if it is negative
   */
  public ActorOptions messagesPerSecondMax(int messages) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        messageBytesMax,
        messages,
        attachmentBytesMax,
        subprotocols,
        compression);
  }

  /**
   * Limits the attachments.
   *
   * @param bytes 1 to 1 MiB
   * @throws IllegalArgumentException if it is out of range
   */
  public ActorOptions attachmentBytesMax(int bytes) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        bytes,
        subprotocols,
        compression);
  }

  /**
   * Names the subprotocols that the actors speak. A client gets the first of its own list that is
   * among them, or none, and is told which; so is the actor, by {@link Upgrade#subprotocol()}.
   *
   * @param names compared as they are, such as {@code graphql-transport-ws}
   * @throws IllegalArgumentException if one has characters that a header's token cannot
   */
  public ActorOptions subprotocols(String... names) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        attachmentBytesMax,
        List.of(names),
        compression);
  }

  /**
   * Chooses whether messages are compressed for clients that offer it (permessage-deflate, RFC
   * 7692): each by itself, without context takeover. {@link #messageBytesMax(int)} limits what is
   * inflated. Off by default: it costs time, and lengths tell of secrets that are sent beside what
   * a stranger may choose.
   */
  public ActorOptions compression(boolean isOn) {
    return new ActorOptions(
        name,
        stored,
        failurePolicy,
        threading,
        messageBytesMax,
        messagesPerSecondMax,
        attachmentBytesMax,
        subprotocols,
        isOn);
  }

  private static void checkToken(String subprotocol) {
    if (!TOKEN.matcher(subprotocol).matches()) {
      throw new IllegalArgumentException("subprotocol '" + subprotocol + "' is not a token");
    }
  }

  private static void checkRange(String what, int value, int max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(what + " " + value + " is not 1 to " + max);
    }
  }
}
