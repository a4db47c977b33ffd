package dev.dormouse.storage.rows;

import dev.dormouse.sdk.ActorId;
import java.nio.ByteBuffer;

/**
 * The row of an alarm, under the alarm's name.
 *
 * <p>Bytes: version 1 (1), clock (1), due (8), failures (1), retry (8), big-endian.
 *
 * @param clock the clock by which the alarm was set
 * @param dueMs when the alarm is due by that clock, in milliseconds
 * @param failures how many attempts have failed, 0 to 127
 * @param retryMs when the alarm is tried again, by {@link DueClock#RUNNING} in milliseconds, after
 *     an attempt that failed or was put off; 0 otherwise
 */
public record AlarmRow(DueClock clock, long dueMs, int failures, long retryMs) {
  private static final byte VERSION = 1;
  private static final int BYTES = 1 + 1 + Long.BYTES + 1 + Long.BYTES;

  /** Creates the row of an alarm without an attempt. */
  public AlarmRow(DueClock clock, long dueMs) {
    this(clock, dueMs, 0, 0);
  }

  /** Returns this row with another time for the next attempt, and no failure counted. */
  public AlarmRow putOff(long retryMs) {
    return new AlarmRow(clock, dueMs, failures, retryMs);
  }

  /** Returns this row with one more failure, and the time for the next attempt. */
  public AlarmRow failed(long retryMs) {
    return new AlarmRow(clock, dueMs, failures + 1, retryMs);
  }

  /** Returns the alarm's place in the order in which alarms come due. */
  public DueAlarm place(ActorId actor, String name) {
    return retryMs == 0
        ? new DueAlarm(actor, clock, dueMs, name)
        : new DueAlarm(actor, DueClock.RUNNING, retryMs, name);
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .put(VERSION)
        .put(clock.code())
        .putLong(dueMs)
        .put((byte) failures)
        .putLong(retryMs)
        .array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static AlarmRow decode(byte[] bytes) {
    if (bytes.length != BYTES || bytes[0] != VERSION) {
      throw new CorruptRowException(
          "an alarm's row of " + bytes.length + " bytes is not of version " + VERSION, null);
    }
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes, 1, BYTES - 1);
      return new AlarmRow(DueClock.of(in.get()), in.getLong(), in.get(), in.getLong());
    } catch (IllegalArgumentException e) {
      throw new CorruptRowException("an alarm's row cannot be read", e);
    }
  }
}
