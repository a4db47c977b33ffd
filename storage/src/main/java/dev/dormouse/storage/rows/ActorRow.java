package dev.dormouse.storage.rows;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The row about an actor itself: the one row that a wake must read.
 *
 * <p>Bytes: epoch (8), activations (8), connections (4), flags (1), big-endian. A later version may
 * write more bytes after them, which a reader passes over. The first versions wrote no flags.
 *
 * @param epoch the number of the ownership that wrote the row last
 * @param activations how often the actor was activated, as far as it was stored
 * @param connections how many connection rows the actor has
 * @param mayHaveAutoReplies whether there may be an {@link AutoRepliesRow}; true if the row has no
 *     flags
 */
public record ActorRow(long epoch, long activations, int connections, boolean mayHaveAutoReplies) {
  private static final int BYTES_WITHOUT_FLAGS = 20;
  private static final byte MAY_HAVE_AUTO_REPLIES = 1;

  /** The row of an actor that was never stored. */
  public static final ActorRow NONE = new ActorRow(0, 0, 0);

  /** The row's key in {@link Table#ACTOR}. */
  public static final byte[] KEY = {};

  /** Creates the row of an actor without automatic replies. */
  public ActorRow(long epoch, long activations, int connections) {
    this(epoch, activations, connections, false);
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES_WITHOUT_FLAGS + 1)
        .putLong(epoch)
        .putLong(activations)
        .putInt(connections)
        .put(mayHaveAutoReplies ? MAY_HAVE_AUTO_REPLIES : 0)
        .array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @param bytes the bytes; null gives {@link #NONE}
   * @throws CorruptRowException if there are fewer than 20 bytes
   */
  public static ActorRow decodeOrNone(byte @Nullable [] bytes) {
    return bytes == null ? NONE : decode(bytes);
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if there are fewer than 20 bytes
   */
  public static ActorRow decode(byte[] bytes) {
    if (bytes.length < BYTES_WITHOUT_FLAGS) {
      throw new CorruptRowException(
          "an actor's row has %s bytes of at least %s".formatted(bytes.length, BYTES_WITHOUT_FLAGS),
          null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new ActorRow(
        in.getLong(),
        in.getLong(),
        in.getInt(),
        !in.hasRemaining() || (in.get() & MAY_HAVE_AUTO_REPLIES) != 0);
  }
}
