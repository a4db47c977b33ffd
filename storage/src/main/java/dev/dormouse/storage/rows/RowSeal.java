package dev.dormouse.storage.rows;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The envelope of every stored value: {@code version (1) · CRC32C (4, big-endian) · payload}.
 *
 * <p>The checksum covers the stored key and the payload, so it also exposes a value that turns up
 * under another key. It is checked before anything else looks at the payload.
 */
public final class RowSeal {
  private static final byte VERSION = 1;
  private static final int HEAD_BYTES = 1 + 4;

  private RowSeal() {}

  /** Returns the value to store for a payload under a stored key. */
  public static byte[] seal(byte[] storedKey, byte[] payload) {
    return ByteBuffer.allocate(HEAD_BYTES + payload.length)
        .put(VERSION)
        .putInt(sumOf(storedKey, payload, 0))
        .put(payload)
        .array();
  }

  /** Returns the payload of a stored value; null if it is damaged or belongs to another key. */
  public static byte @Nullable [] open(byte[] storedKey, byte[] value) {
    if (value.length < HEAD_BYTES
        || value[0] != VERSION
        || ByteBuffer.wrap(value).getInt(1) != sumOf(storedKey, value, HEAD_BYTES)) {
      return null;
    }
    byte[] payload = new byte[value.length - HEAD_BYTES];
    System.arraycopy(value, HEAD_BYTES, payload, 0, payload.length);
    return payload;
  }

  /** Returns the reason why {@link #open} gave null, as the end of a sentence. */
  public static String faultOf(byte[] value) {
    if (value.length < HEAD_BYTES) {
      return "has " + value.length + " bytes of at least " + HEAD_BYTES;
    }
    if (value[0] != VERSION) {
      return "has the unknown version " + (value[0] & 0xff);
    }
    return "fails its checksum";
  }

  private static int sumOf(byte[] storedKey, byte[] bytes, int from) {
    CRC32C sum = new CRC32C();
    sum.update(storedKey);
    sum.update(bytes, from, bytes.length - from);
    return (int) sum.getValue();
  }
}
