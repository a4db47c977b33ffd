package dev.dormouse.storage;

import java.nio.ByteBuffer;

/**
 * What {@link DueClock#RUNNING} showed when the wall clock showed something else: from it the next
 * process tells how that clock goes on.
 *
 * <p>Bytes: running (8), wall (8), big-endian.
 *
 * @param runningMs the running clock, in milliseconds
 * @param wallMs the wall clock at that moment, in milliseconds since 1970
 */
public record ClockMark(long runningMs, long wallMs) {
  private static final int BYTES = 2 * Long.BYTES;

  byte[] encode() {
    return ByteBuffer.allocate(BYTES).putLong(runningMs).putLong(wallMs).array();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  static ClockMark decode(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new CorruptRowException("a clock's mark has " + bytes.length + " bytes", null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new ClockMark(in.getLong(), in.getLong());
  }
}
