package dev.dormouse.storage.rows;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Finds the rows of {@link Table#DUE} by shard, clock and time. Pure functions over a look-up. */
public final class DueIndex {
  private static final Logger log = Log.of(DueIndex.class);

  /** A look-up in the stored keys of {@link Table#DUE}. */
  public interface Seek {
    /** Returns the least stored key that is not less than this one; null if there is none. */
    byte @Nullable [] atOrAfter(byte[] key);
  }

  private DueIndex() {}

  /**
   * Finds the first alarm of each shard that has alarms by a clock, with a few look-ups for each.
   */
  public static List<DueAlarm> first(RowKeys keys, DueClock clock, Seek seek) {
    List<DueAlarm> found = new ArrayList<>();
    byte[] from = RowKeys.due(0, clock, 0);
    for (byte[] key = seek.atOrAfter(from); key != null; key = seek.atOrAfter(from)) {
      int shard = shardIn(key);
      byte[] begin = RowKeys.due(shard, clock, 0);
      if (Arrays.compareUnsigned(key, begin) < 0) {
        from = begin; // the shard's alarms by the other clock come first
      } else if (Arrays.compareUnsigned(key, RowKeys.endOfDue(shard, clock)) >= 0) {
        from = RowKeys.afterShard(Table.DUE, shard);
      } else {
        DueAlarm alarm = readable(keys, key);
        if (alarm != null) {
          found.add(alarm);
        }
        from = alarm == null ? next(key) : RowKeys.afterShard(Table.DUE, shard);
      }
    }
    return found;
  }

  /**
   * Returns the stored key at which a page of a shard's alarms begins.
   *
   * @param fromMs the least time, for the first page
   * @param after the last alarm of the page before; null for the first page
   */
  public static byte[] from(
      RowKeys keys, DueClock clock, int shard, long fromMs, @Nullable DueAlarm after) {
    return after == null
        ? RowKeys.due(shard, clock, fromMs)
        : next(keys.encode(after.actor(), Table.DUE, after.key()));
  }

  /** Reads the alarm of a stored key. A key that no alarm can have gives null and an ERROR line. */
  public static @Nullable DueAlarm readable(RowKeys keys, byte[] storedKey) {
    try {
      RowKeys.Place place = keys.decode(Table.DUE, storedKey);
      ActorId actor = place.actor();
      return DueAlarm.of(actor, place.rowKey());
    } catch (CorruptRowException e) {
      log.error("a row of table DUE has a damaged key; its alarm is passed over", e);
      return null;
    }
  }

  private static int shardIn(byte[] storedKey) {
    return storedKey.length < 3 ? 0 : (storedKey[1] & 0xff) << 8 | (storedKey[2] & 0xff);
  }

  private static byte[] next(byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }
}
