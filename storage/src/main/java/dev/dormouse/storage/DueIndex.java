package dev.dormouse.storage;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** How the rows of {@link Table#DUE} are found: by shard, clock and time. */
final class DueIndex {
  private static final Logger log = Log.of(DueIndex.class);

  /** Where rows are looked up. */
  interface Seek {
    /** The least stored key of the table that is not less than this one; null if there is none. */
    byte @Nullable [] atOrAfter(byte[] key);
  }

  private DueIndex() {}

  /** The first alarm of each shard that has any by this clock, a look-up for each. */
  static List<DueAlarm> first(RowKeys keys, DueClock clock, Seek seek) {
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

  /** Where the rows of a page begin. */
  static byte[] from(
      RowKeys keys, DueClock clock, int shard, long fromMs, @Nullable DueAlarm after) {
    return after == null
        ? RowKeys.due(shard, clock, fromMs)
        : next(keys.encode(after.actor(), Table.DUE, after.key()));
  }

  /** The alarm of a stored key; null if none can have it, which is logged. */
  static @Nullable DueAlarm readable(RowKeys keys, byte[] storedKey) {
    try {
      RowKeys.Place place = keys.decode(Table.DUE, storedKey);
      ActorId actor = place.actor();
      return DueAlarm.of(actor, place.rowKey());
    } catch (CorruptRowException e) {
      log.error("an alarm is passed over", e);
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
