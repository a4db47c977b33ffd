package dev.dormouse.storage;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What is stored of an actor itself: all that a wake must read.
 *
 * <p>Bytes: epoch (8), activations (8), connections (4), flags (1), big-endian; more may follow in
 * later versions and is passed over. The first versions wrote no flags.
 *
 * @param epoch the number of the ownership that wrote it last
 * @param activations how often the actor was activated, as far as was stored
 * @param connections how many connection rows it has
 * @param mayHaveAutoReplies whether there may be an {@link AutoRepliesRow}; true if that was not
 *     written
 */
public record ActorRow(long epoch, long activations, int connections, boolean mayHaveAutoReplies) {
  private static final int BYTES_WITHOUT_FLAGS = 20;
  private static final byte MAY_HAVE_AUTO_REPLIES = 1;

  /** Of an actor that was never stored. */
  public static final ActorRow NONE = new ActorRow(0, 0, 0);

  /** The row's key. */
  public static final byte[] KEY = {};

  /** Of an actor without automatic replies. */
  public ActorRow(long epoch, long activations, int connections) {
    this(epoch, activations, connections, false);
  }

  /** The bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES_WITHOUT_FLAGS + 1)
        .putLong(epoch)
        .putLong(activations)
        .putInt(connections)
        .put(mayHaveAutoReplies ? MAY_HAVE_AUTO_REPLIES : 0)
        .array();
  }

  /** Reads what {@link #encode} wrote; {@link #NONE} if there is nothing. */
  public static ActorRow decodeOrNone(byte @Nullable [] bytes) {
    return bytes == null ? NONE : decode(bytes);
  }

  /**
   * Reads what {@link #encode} wrote.
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
