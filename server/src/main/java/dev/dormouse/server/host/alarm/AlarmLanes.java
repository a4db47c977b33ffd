package dev.dormouse.server.host.alarm;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From when on each lane of the store may have alarms that nobody has looked at. A lane is a
 * shard's alarms by one clock, in the order of their times. Not for several threads.
 */
final class AlarmLanes {
  private static final long NEVER = Long.MAX_VALUE;

  private final ActorStore store;
  private final int shards;

  /** By lane, first those of one clock and then of the other. */
  private final long[] fromMs;

  /** By clock; nothing is due before, though the first may be due later. */
  private final long[] soonestMs = {NEVER, NEVER};

  /** Where the reading of a lane broke off among alarms of the same time. */
  private final Map<Integer, DueAlarm> cursors = new HashMap<>();

  /** None that is known of. */
  AlarmLanes(ActorStore store) {
    this.store = store;
    this.shards = store.shards();
    this.fromMs = new long[2 * shards];
    Arrays.fill(fromMs, NEVER);
  }

  int number() {
    return fromMs.length;
  }

  DueClock clockOf(int lane) {
    return lane < shards ? DueClock.RUNNING : DueClock.WALL;
  }

  int of(ActorId actor, DueClock clock) {
    return store.shardOf(actor) + (clock == DueClock.RUNNING ? 0 : shards);
  }

  /** Whether any lane of the clock is due. */
  boolean isAnyDue(DueClock clock, long nowMs) {
    int half = clock == DueClock.RUNNING ? 0 : 1;
    if (soonestMs[half] <= nowMs) {
      long soonest = NEVER;
      for (int lane = half * shards; lane < (half + 1) * shards; lane++) {
        soonest = Math.min(soonest, fromMs[lane]);
      }
      soonestMs[half] = soonest;
    }
    return soonestMs[half] <= nowMs;
  }

  boolean isDue(int lane, long nowMs) {
    return fromMs[lane] <= nowMs;
  }

  boolean hasAny(DueClock clock) {
    int first = clock == DueClock.RUNNING ? 0 : shards;
    for (int lane = first; lane < first + shards; lane++) {
      if (fromMs[lane] != NEVER) {
        return true;
      }
    }
    return false;
  }

  /** There may be one at this time. */
  void lower(ActorId actor, DueClock clock, long ms) {
    lower(of(actor, clock), ms);
  }

  private void lower(int lane, long ms) {
    DueAlarm cursor = cursors.get(lane);
    if (cursor != null && ms <= cursor.ms()) {
      cursors.remove(lane);
    }
    set(lane, Math.min(fromMs[lane], ms));
  }

  private void set(int lane, long ms) {
    fromMs[lane] = ms;
    int half = lane / shards;
    soonestMs[half] = Math.min(soonestMs[half], ms);
  }

  /**
   * A page of a lane, to be read from the store without any lock.
   *
   * @param lane the lane
   * @param fromMs the time from which on
   * @param after where the page before ended; null if it does not matter
   */
  record Page(int lane, long fromMs, @Nullable DueAlarm after) {}

  /** The next page of a lane. What is said of the lane until it is read is not forgotten. */
  Page begin(int lane) {
    Page page = new Page(lane, fromMs[lane], cursors.remove(lane));
    fromMs[lane] = NEVER;
    return page;
  }

  /** Reads a page. */
  List<DueAlarm> read(Page page, int limit) {
    return store.due(clockOf(page.lane), page.lane % shards, page.fromMs, page.after, limit);
  }

  /** The page could not be read. */
  void failed(Page page) {
    lower(page.lane, page.fromMs);
  }

  /**
   * The page was read, and all up to one alarm was looked at.
   *
   * @param last that alarm; null if it was none
   * @param nextMs the time from which on there may be more; null for none
   */
  void end(Page page, @Nullable DueAlarm last, @Nullable Long nextMs) {
    if (nextMs != null && nextMs < fromMs[page.lane]) {
      set(page.lane, nextMs);
      if (last != null && last.ms() == nextMs) {
        cursors.put(page.lane, last);
      }
    }
  }
}
