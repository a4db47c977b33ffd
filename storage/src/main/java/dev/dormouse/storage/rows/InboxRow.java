package dev.dormouse.storage.rows;

import dev.dormouse.sdk.ActorId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The row of the last call of a sender that took effect in an actor, so that none takes effect
 * twice. Its key is the length of the sender's type (1), the type, and the sender's key.
 *
 * <p>Bytes: version 1 (1), epoch (8), number (8), big-endian.
 *
 * @param epoch the epoch of the call
 * @param number the number of the call
 */
public record InboxRow(long epoch, long number) {
  private static final byte VERSION = 1;
  private static final int BYTES = 1 + 2 * Long.BYTES;

  /** Returns the key of the row of a sender in {@link Table#INBOX}. */
  public static byte[] key(ActorId sender) {
    byte[] type = sender.type().getBytes(StandardCharsets.UTF_8);
    byte[] key = sender.key().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(1 + type.length + key.length)
        .put((byte) type.length)
        .put(type)
        .put(key)
        .array();
  }

  /**
   * Reads a key that {@link #key} returned.
   *
   * @throws CorruptRowException if the key is not that of a sender
   */
  public static ActorId senderOf(byte[] key) {
    try {
      int type = key[0] & 0xff;
      return new ActorId(text(key, 1, 1 + type), text(key, 1 + type, key.length));
    } catch (RuntimeException e) {
      throw new CorruptRowException("the key " + RowKeys.hex(key) + " names no actor", e);
    }
  }

  private static String text(byte[] bytes, int from, int to) {
    return new String(Arrays.copyOfRange(bytes, from, to), StandardCharsets.UTF_8);
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES).put(VERSION).putLong(epoch).putLong(number).array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static InboxRow decode(byte[] bytes) {
    if (bytes.length != BYTES || bytes[0] != VERSION) {
      throw new CorruptRowException(
          "the row of a sender, of " + bytes.length + " bytes, is not of version " + VERSION, null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 1, BYTES - 1);
    return new InboxRow(in.getLong(), in.getLong());
  }
}
