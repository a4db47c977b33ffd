package dev.dormouse.storage;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What is stored of an actor itself: all that a wake must read.
 *
 * <p>Bytes: epoch (8), activations (8), connections (4), big-endian; more may follow in later
 * versions and is passed over.
 *
 * @param epoch the number of the ownership that wrote it last
 * @param activations how often the actor was activated, as far as was stored
 * @param connections how many connection rows it has
 */
public record ActorRow(long epoch, long activations, int connections) {

  /** Of an actor that was never stored. */
  public static final ActorRow NONE = new ActorRow(0, 0, 0);

  /** The row's key. */
  public static final byte[] KEY = {};

  /** The bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(20).putLong(epoch).putLong(activations).putInt(connections).array();
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
    if (bytes.length < 20) {
      throw new CorruptRowException(
          "an actor's row has " + bytes.length + " bytes of at least 20", null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new ActorRow(in.getLong(), in.getLong(), in.getInt());
  }
}
