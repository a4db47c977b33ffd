package dev.dormouse.storage.rows;

import java.nio.ByteBuffer;

/**
 * A moment by both clocks, from which the next process continues {@link DueClock#RUNNING}.
 *
 * <p>Bytes: running (8), wall (8), big-endian.
 *
 * @param runningMs the time by the running clock, in milliseconds
 * @param wallMs the time of day at that moment, in milliseconds since 1970
 */
public record ClockMark(long runningMs, long wallMs) {
  private static final int BYTES = 2 * Long.BYTES;

  /** Returns the bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES).putLong(runningMs).putLong(wallMs).array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if there are not 16 bytes
   */
  public static ClockMark decode(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new CorruptRowException("a clock's mark has " + bytes.length + " bytes", null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new ClockMark(in.getLong(), in.getLong());
  }
}
