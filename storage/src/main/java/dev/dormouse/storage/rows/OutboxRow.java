package dev.dormouse.storage.rows;

import dev.dormouse.sdk.ActorId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The row of a call that an actor has told another one and that has not taken effect yet. Its key
 * is the call's place among all calls of the sender: the epoch of the sender's ownership (8) and
 * the number of the call (8).
 *
 * <p>Bytes: version 1 (1), the target's type, the target's key, the name of the call's class, and
 * to the end the call; big-endian. A text is its length (2) and UTF-8.
 *
 * @param target the actor that is called
 * @param name the simple name of the call's class, for people
 * @param call the call in the encoding of the target's actor type
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record OutboxRow(ActorId target, String name, byte[] call) {
  private static final byte VERSION = 1;
  private static final int KEY_BYTES = 2 * Long.BYTES;

  /** Returns the key of a row in {@link Table#OUTBOX}. */
  public static byte[] key(long epoch, long number) {
    return ByteBuffer.allocate(KEY_BYTES).putLong(epoch).putLong(number).array();
  }

  /** Returns the epoch in a key. */
  public static long epochOf(byte[] key) {
    return checked(key).getLong(0);
  }

  /** Returns the number in a key. */
  public static long numberOf(byte[] key) {
    return checked(key).getLong(Long.BYTES);
  }

  private static ByteBuffer checked(byte[] key) {
    if (key.length != KEY_BYTES) {
      throw new CorruptRowException(
          "the key " + RowKeys.hex(key) + " is not that of a call that was told", null);
    }
    return ByteBuffer.wrap(key);
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    byte[] type = target.type().getBytes(StandardCharsets.UTF_8);
    byte[] key = target.key().getBytes(StandardCharsets.UTF_8);
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(
            1 + 3 * Short.BYTES + type.length + key.length + text.length + call.length)
        .put(VERSION)
        .putShort((short) type.length)
        .put(type)
        .putShort((short) key.length)
        .put(key)
        .putShort((short) text.length)
        .put(text)
        .put(call)
        .array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static OutboxRow decode(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      byte version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException("version " + version);
      }
      ActorId target = new ActorId(text(in), text(in));
      String name = text(in);
      byte[] call = new byte[in.remaining()];
      in.get(call);
      return new OutboxRow(target, name, call);
    } catch (RuntimeException e) {
      throw new CorruptRowException(
          "the row of a call that was told, of " + bytes.length + " bytes, cannot be read", e);
    }
  }

  private static String text(ByteBuffer in) {
    return RowKeys.text(in, in.getShort() & 0xffff);
  }
}
