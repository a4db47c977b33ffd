package dev.dormouse.sdk;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A client's WebSocket as its actor sees it. It survives hibernation: the socket stays open while
 * the actor is not in memory, and its attachment and tags are on disk.
 *
 * <p>A handle is valid while its actor object lives, on the actor's thread, inside a turn. What it
 * does becomes visible to the client when the turn is committed. A handle of a closed connection is
 * inert: what it sends goes nowhere, another close does nothing, and no limit or reserved code
 * throws. Until {@code onClose} is through, attachment and tags can still be changed for it to see.
 *
 * <pre>{@code
 * protected void onMessage(Connection<Member> from, String text) {
 *   from.attach(from.attachment().spoke());
 *   from.send("you said " + text);
 * }
 * }</pre>
 *
 * @param <A> the type of the attachment
 */
public interface Connection<A extends @Nullable Object> {

  /** The number of tags that a connection may have by default; see {@link ActorOptions#tagsMax}. */
  int TAGS_DEFAULT = 10;

  /** The longest tag, in bytes of UTF-8. */
  int TAG_BYTES_MAX = 256;

  /** The longest key of {@link #sendLatest}, in bytes of UTF-8. */
  int KEY_BYTES_MAX = 256;

  /**
   * The most bytes that are kept of the request for an upgrade: its path and query, the client's
   * address, and the lengths of their parts.
   */
  int REQUEST_BYTES_MAX = 1_024;

  /** Returns the id of the connection, from handshake to close. */
  ConnectionId id();

  /**
   * Returns when the actor accepted the connection, by the server's clock.
   *
   * @throws StoredValueException if all that is stored of the connection is damaged; once something
   *     is attached anew, the time is that of the attachment
   * @throws IllegalStateException if the connection is gone, and its time was never read
   */
  Instant acceptedAt();

  /**
   * Returns the path of the connection's upgrade as the client wrote it, without the query. Path
   * and query are stored with the connection if they take at most {@value #REQUEST_BYTES_MAX}
   * bytes. An actor that needs more takes it from {@link Upgrade#head} into the attachment.
   *
   * @throws StoredValueException if all that is stored of the connection is damaged
   * @throws IllegalStateException if path and query were longer, or if the connection is gone and
   *     its row was never read
   */
  String path();

  /**
   * Returns the first value of a parameter of the connection's upgrade, decoded; the case of the
   * name does not matter. The query is stored on the server's disk, so it is no place for secrets.
   *
   * @throws StoredValueException if all that is stored of the connection is damaged
   * @throws IllegalStateException as {@link #path} says
   */
  Optional<String> query(String name);

  /**
   * Returns the client's address at the time of the upgrade, see {@link RequestHead#remoteAddress}.
   *
   * @throws StoredValueException if all that is stored of the connection is damaged
   * @throws IllegalStateException if the connection is gone and its row was never read
   */
  String remoteAddress();

  /** Returns whether the actor counts the client as connected; false once either side closed. */
  boolean isOpen();

  /**
   * Returns the attachment. It is null only for actors without attachments ({@code Void}), and for
   * those whose attachments are declared {@code @Nullable}. An attachment that is changed in place
   * is stored with the turn as if it had been attached again, if the turn called this method or is
   * about this connection. Immutable records are the better choice.
   *
   * @throws StoredValueException if the stored bytes cannot be read, or are of another class than
   *     the actor's attachments, or if there must be an attachment and there is none, for instance
   *     because an earlier version of the actor had no attachments; the connection still works, and
   *     what is stored is left as it is until something is attached anew
   */
  A attachment();

  /**
   * Replaces the attachment, even one that cannot be read. A value that cannot be stored is refused
   * at once, and the attachment stays as it was. A value that can be changed in place is serialized
   * again at the end of the turn, and the turn fails if that fails. Immutable records are
   * serialized once.
   *
   * @throws IllegalArgumentException if the value is null, and the actor's connections must have an
   *     attachment
   * @throws LimitExceededException if the value is over the limit as serialized (16 KiB by
   *     default), or if the turn stores and sends over 64 MiB with it
   * @throws StoredValueException if the value cannot be serialized, for instance because its class
   *     is not named
   */
  void attach(A attachment);

  /**
   * Replaces the attachment by what a function makes of it: {@code from.update(Member::spoke)}.
   *
   * @throws RuntimeException as {@link #attachment} and {@link #attach} say, and what the function
   *     throws; the attachment stays as it was then
   */
  default void update(UnaryOperator<A> change) {
    attach(change.apply(attachment()));
  }

  /**
   * Returns the tags, in the order in which they were set.
   *
   * @throws StoredValueException if all that is stored of the connection is damaged: it is in no
   *     {@link Connections#tagged} then, and has no tags once something is attached anew
   */
  Set<String> tags();

  /**
   * Adds tags. Tags that the connection has already stay as they are.
   *
   * @throws LimitExceededException if there would be more than {@link ActorOptions#tagsMax()}, or
   *     if one is over {@value #TAG_BYTES_MAX} bytes
   * @throws StoredValueException if the tags cannot be read
   */
  void tag(String... tags);

  /**
   * Removes tags. Tags that the connection does not have are ignored.
   *
   * @throws StoredValueException if the tags cannot be read
   */
  void untag(String... tags);

  /**
   * Sends a text message, once the turn is committed. If the client reads too slowly, the type's
   * {@link OutboundPolicy} says what becomes of it.
   *
   * @return the delivery, which tells the outcome
   * @throws LimitExceededException if the message is over 32 MiB
   */
  Delivery send(String text);

  /**
   * Sends a binary message, once the turn is committed. The bytes between position and limit are
   * copied at once; the buffer's position is not moved.
   *
   * @return the delivery, which tells the outcome
   * @throws LimitExceededException if the message is over 32 MiB
   */
  Delivery send(ByteBuffer bytes);

  /**
   * Sends a text message that makes earlier ones of the same key worthless, such as a position or a
   * price: where the type chose {@link OutboundPolicy#CONFLATE}, it takes the place of the one that
   * still waits for a slow client. Elsewhere it is sent like any other.
   *
   * @param key the key, of at most {@value #KEY_BYTES_MAX} bytes
   * @return the delivery, which tells the outcome
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  Delivery sendLatest(String key, String text);

  /**
   * Sends a binary message that makes earlier ones of the same key worthless, as {@link
   * #sendLatest(String, String)} does. The bytes are copied at once.
   *
   * @return the delivery, which tells the outcome
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  Delivery sendLatest(String key, ByteBuffer bytes);

  /**
   * Asks the server that holds the socket when anything last came from the client, be it a pong or
   * part of a frame; at once, not at the end of the turn, and without waiting for the client. So a
   * turn may {@link WebSocketActor#waitFor wait for} the answer.
   *
   * <p>The time is that server's, up to a thirtieth of the ping interval too early (a second, by
   * default). While a client's messages wait for the actor it is not read, and counts as seen.
   *
   * @return completes outside of any turn, on the threads of the actor type; with nothing if the
   *     connection is not open, or clients are not pinged
   */
  CompletionStage<Optional<Instant>> lastSeen();

  /** Closes the connection with 1000 and no reason, once the turn is committed. */
  default void close() {
    close(1000, "");
  }

  /**
   * Closes the connection, once the turn is committed and after what was sent before. The actor's
   * {@code onClose} follows when the client has answered or has been given up.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999
   * @param reason at most {@value CloseReason#REASON_BYTES_MAX} bytes in UTF-8
   * @throws IllegalArgumentException if the connection is open, and the code may not be sent or the
   *     reason is too long; so {@code onClose} may end in {@code close(reason.code(), "")}
   */
  void close(int code, String reason);
}
