package dev.dormouse.storage.rows;

import dev.dormouse.sdk.ActorId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * An alarm's place in the order in which the alarms of a shard come due. Each alarm has one such
 * row in {@link Table#DUE}, with an empty value, besides its {@link AlarmRow}. Both rows are
 * written in the same batch.
 *
 * <p>Bytes of the key: clock (1), milliseconds (8, big-endian), name in UTF-8.
 *
 * @param actor the actor that the alarm belongs to
 * @param clock the clock that {@code ms} is a time of
 * @param ms when the alarm is due, in milliseconds; not negative
 * @param name the alarm's name
 */
public record DueAlarm(ActorId actor, DueClock clock, long ms, String name)
    implements Comparable<DueAlarm> {
  /** The length of the key's head, the time, which stands before the actor in stored keys. */
  static final int TIME_BYTES = 1 + Long.BYTES;

  private static final byte[] NO_VALUE = {};

  /**
   * Checks the time.
   *
   * @throws IllegalArgumentException if the time is negative
   */
  public DueAlarm {
    if (ms < 0) {
      throw new IllegalArgumentException("an alarm cannot be due at " + ms + " ms");
    }
  }

  /**
   * Compares by time, actor, name and clock, so that a hash table of alarms stays fast when many
   * names have one hash.
   */
  @Override
  public int compareTo(DueAlarm other) {
    int order = Long.compare(ms, other.ms);
    order = order == 0 ? actor.compareTo(other.actor) : order;
    order = order == 0 ? name.compareTo(other.name) : order;
    return order == 0 ? clock.compareTo(other.clock) : order;
  }

  /** Returns the row's key in {@link Table#DUE}. */
  public byte[] key() {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(TIME_BYTES + text.length)
        .put(clock.code())
        .putLong(ms)
        .put(text)
        .array();
  }

  /** Returns the row's value, which is empty. */
  public static byte[] value() {
    return NO_VALUE;
  }

  /**
   * Reads a key that {@link #key} returned.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static DueAlarm of(ActorId actor, byte[] key) {
    try {
      ByteBuffer in = ByteBuffer.wrap(key);
      DueClock clock = DueClock.of(in.get());
      long ms = in.getLong();
      String name = new String(key, TIME_BYTES, key.length - TIME_BYTES, StandardCharsets.UTF_8);
      return new DueAlarm(actor, clock, ms, name);
    } catch (RuntimeException e) {
      throw new CorruptRowException(
          "actor " + actor + ", table DUE, key " + RowKeys.hex(key) + " cannot be read", e);
    }
  }
}
