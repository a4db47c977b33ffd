package dev.dormouse.storage.rows;

import java.nio.ByteBuffer;

/**
 * A moment by both clocks of a group of shards, from which the next owner of the group continues
 * {@link DueClock#RUNNING}. {@link HeldMark} tells how.
 *
 * <p>Bytes: running (8), wall (8), run (8), big-endian.
 *
 * @param runningMs the time by the running clock, in milliseconds
 * @param wallMs the time of day at that moment, in milliseconds since 1970, by the clock of the
 *     node that wrote the mark
 * @param run the run of that node
 */
public record ClockMark(long runningMs, long wallMs, long run) {
  private static final int BYTES = 3 * Long.BYTES;

  /** Returns the bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES).putLong(runningMs).putLong(wallMs).putLong(run).array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if there are not 24 bytes
   */
  public static ClockMark decode(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new CorruptRowException("a clock's mark has " + bytes.length + " bytes", null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new ClockMark(in.getLong(), in.getLong(), in.getLong());
  }
}
