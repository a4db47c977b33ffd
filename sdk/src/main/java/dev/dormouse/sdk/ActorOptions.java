package dev.dormouse.sdk;

import java.util.ArrayList;
import java.util.List;
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
 */
public record ActorOptions(
    @Nullable String name,
    List<Class<?>> stored,
    FailurePolicy failurePolicy,
    Threading threading,
    int messageBytesMax,
    int messagesPerSecondMax,
    int attachmentBytesMax) {

  /** The largest message that {@link #messageBytesMax(int)} allows: 32 MiB. */
  public static final int MESSAGE_BYTES_CEILING = 32 << 20;

  /** The largest attachment that {@link #attachmentBytesMax(int)} allows: 1 MiB. */
  public static final int ATTACHMENT_BYTES_CEILING = 1 << 20;

  /** Checks the limits. */
  public ActorOptions {
    stored = List.copyOf(stored);
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
        null, List.of(), FailurePolicy.KEEP_OPEN, Threading.MAY_BLOCK, 1 << 20, 0, 16 << 10);
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
        attachmentBytesMax);
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
        attachmentBytesMax);
  }

  /** Chooses what becomes of a connection whose message made its handler throw. */
  public ActorOptions onFailure(FailurePolicy policy) {
    return new ActorOptions(
        name, stored, policy, threading, messageBytesMax, messagesPerSecondMax, attachmentBytesMax);
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
        attachmentBytesMax);
  }

  /**
   * Limits the messages that clients may send.
   *
   * @param bytes 1 to 32 MiB
   * @throws IllegalArgumentException if it is out of range
   */
  public ActorOptions messageBytesMax(int bytes) {
    return new ActorOptions(
        name, stored, failurePolicy, threading, bytes, messagesPerSecondMax, attachmentBytesMax);
  }

  /**
   * Limits how many messages a client may send in a second.
   *
   * @param messages at least 1; 0 for any number, the default
   * @throws IllegalArgumentException if it is negative
   */
  public ActorOptions messagesPerSecondMax(int messages) {
    return new ActorOptions(
        name, stored, failurePolicy, threading, messageBytesMax, messages, attachmentBytesMax);
  }

  /**
   * Limits the attachments.
   *
   * @param bytes 1 to 1 MiB
   * @throws IllegalArgumentException if it is out of range
   */
  public ActorOptions attachmentBytesMax(int bytes) {
    return new ActorOptions(
        name, stored, failurePolicy, threading, messageBytesMax, messagesPerSecondMax, bytes);
  }

  private static void checkRange(String what, int value, int max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(what + " " + value + " is not 1 to " + max);
    }
  }
}
