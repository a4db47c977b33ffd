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
 * The bound of each lane of the store: the earliest time at which the lane may have an alarm that
 * the clock has not looked at. A lane is a shard's alarms by one clock, in the order of their
 * times. A lane of a shard that the node does not own is closed: it has no bound, and no page of it
 * is read to its end. Not safe for use by several threads at once.
 */
final class AlarmLanes {
  private static final long NEVER = Long.MAX_VALUE;

  private final ActorStore store;
  private final int shards;

  /** The bounds in milliseconds, by lane: first the lanes of the running clock, then the others. */
  private final long[] fromMs;

  /** For each shard whether its lanes are open. */
  private final boolean[] isOpen;

  /** For each clock a time in milliseconds that is not later than the bound of any of its lanes. */
  private final long[] soonestMs = {NEVER, NEVER};

  /** The last alarm that was read of a lane, if more alarms of the same time may follow. */
  private final Map<Integer, DueAlarm> cursors = new HashMap<>();

  /**
   * Creates the lanes of a store, without a known alarm.
   *
   * @param areOpen whether all lanes are open
   */
  AlarmLanes(ActorStore store, boolean areOpen) {
    this.store = store;
    this.shards = store.shards();
    this.isOpen = new boolean[shards];
    Arrays.fill(isOpen, areOpen);
    this.fromMs = new long[2 * shards];
    Arrays.fill(fromMs, NEVER);
  }

  /** Opens the lanes of a group of shards, which may have alarms of any time. */
  void open(int group) {
    for (int shard = store.groups().first(group); shard < store.groups().end(group); shard++) {
      isOpen[shard] = true;
      lower(shard, 0);
      lower(shard + shards, 0);
    }
  }

  /** Closes the lanes of a group of shards. */
  void close(int group) {
    for (int shard = store.groups().first(group); shard < store.groups().end(group); shard++) {
      isOpen[shard] = false;
      fromMs[shard] = NEVER;
      fromMs[shard + shards] = NEVER;
      cursors.remove(shard);
      cursors.remove(shard + shards);
    }
  }

  /** Returns whether a lane is open. */
  boolean isOpen(int lane) {
    return isOpen[lane % shards];
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

  /** Returns whether any lane of the clock may have an alarm that is due. */
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

  /** Returns the shard whose alarms a lane has. */
  int shardOf(int lane) {
    return lane % shards;
  }

  boolean isDue(int lane, long nowMs) {
    return fromMs[lane] <= nowMs;
  }

  /** Returns whether a group of shards may have an alarm by a clock that was not looked at. */
  boolean hasAny(DueClock clock, int group) {
    int first = clock == DueClock.RUNNING ? 0 : shards;
    int end = first + store.groups().end(group);
    for (int lane = first + store.groups().first(group); lane < end; lane++) {
      if (fromMs[lane] != NEVER) {
        return true;
      }
    }
    return false;
  }

  /** Notes that there may be an alarm of the actor at this time. */
  void lower(ActorId actor, DueClock clock, long ms) {
    lower(of(actor, clock), ms);
  }

  private void lower(int lane, long ms) {
    if (!isOpen(lane)) {
      return;
    }
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
   * A page of a lane that is read from the store without a lock.
   *
   * @param lane the lane
   * @param fromMs the time at which the page begins
   * @param after the last alarm of the page before; null if the page begins with its time
   */
  record Page(int lane, long fromMs, @Nullable DueAlarm after) {}

  /** Returns the page with which a lane goes on, and leaves the lane as it is. */
  Page next(int lane) {
    return new Page(lane, fromMs[lane], cursors.get(lane));
  }

  /** Begins the next page of a lane; alarms that are noted before its end are not forgotten. */
  Page begin(int lane) {
    Page page = new Page(lane, fromMs[lane], cursors.remove(lane));
    fromMs[lane] = NEVER;
    return page;
  }

  /** Reads a page. */
  List<DueAlarm> read(Page page, int limit) {
    return store.due(clockOf(page.lane), page.lane % shards, page.fromMs, page.after, limit);
  }

  /** Notes that a page could not be read, so that it is read again. */
  void failed(Page page) {
    lower(page.lane, page.fromMs);
  }

  /**
   * Notes that a page was read.
   *
   * @param last the last alarm that was looked at; null if there was none
   * @param nextMs the earliest time at which there may be more alarms; null if there are none
   */
  void end(Page page, @Nullable DueAlarm last, @Nullable Long nextMs) {
    if (nextMs != null && isOpen(page.lane) && nextMs < fromMs[page.lane]) {
      set(page.lane, nextMs);
      if (last != null && last.ms() == nextMs) {
        cursors.put(page.lane, last);
      }
    }
  }
}
