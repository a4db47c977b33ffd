package dev.dormouse.server.host.alarm;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.HeldMark;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The running clocks of all groups. The clock of a group begins when it is first asked for in an
 * ownership. It goes on from the clock of the ownership before if no other node has marked the
 * group's time since, and begins at the last mark otherwise.
 *
 * <p>Any thread may call every method, but only one at a time may call {@link #keepMarks}.
 */
final class GroupClocks {
  private static final Logger log = Log.of(GroupClocks.class);

  /**
   * The clock of a group in one ownership.
   *
   * @param epoch the epoch of the ownership
   * @param running the clock
   * @param held the mark at which the ownership found the group; null if there was none
   */
  private record Begun(long epoch, RunningTime running, @Nullable HeldMark held) {}

  /** The last mark of a group in one ownership. Only the thread that keeps marks uses it. */
  private static final class Marked {
    long epoch;
    @Nullable ClockMark mark;

    /** True if the mark is of this machine. */
    boolean isOwn;
  }

  private final ActorStore store;
  private final long run;
  private final Time time;
  private final AtomicReferenceArray<@Nullable Begun> begun;
  private final Marked[] marked;

  /** Creates the clocks, and begins those of the groups that this node owns already. */
  GroupClocks(ActorStore store, long run, Time time) {
    this.store = store;
    this.run = run;
    this.time = time;
    int groups = store.groups().groups();
    this.begun = new AtomicReferenceArray<>(groups);
    this.marked = new Marked[groups];
    for (int group = 0; group < groups; group++) {
      marked[group] = new Marked();
      if (store.epoch(group) != 0) {
        begin(group, store.epoch(group));
      }
    }
  }

  /** Returns the clock of a group; if this node does not own the group, one that only looks. */
  RunningTime of(int group) {
    long epoch = store.epoch(group);
    return epoch == 0 ? new RunningTime(time, run, markOf(group)) : in(group, epoch).running;
  }

  private Begun in(int group, long epoch) {
    Begun known = begun.get(group);
    return known != null && known.epoch == epoch ? known : begin(group, epoch);
  }

  private synchronized Begun begin(int group, long epoch) {
    Begun before = begun.get(group);
    if (before != null && before.epoch >= epoch) {
      return before;
    }
    HeldMark held = markOf(group);
    boolean isMarkedByOthers = held != null && held.mark().run() != run;
    RunningTime running =
        before == null || isMarkedByOthers ? new RunningTime(time, run, held) : before.running;
    Begun next = new Begun(epoch, running, held);
    begun.set(group, next);
    return next;
  }

  private @Nullable HeldMark markOf(int group) {
    try {
      return store.clockMark(group);
    } catch (RuntimeException e) {
      log.error(
          "the stored mark of the running clock of group {} cannot be read; its alarms go by the"
              + " wall clock",
          group,
          e);
      return null;
    }
  }

  /**
   * Stores a mark of each owned group that needs a new one: one that this machine has not marked
   * before, so that the next owner can go on from this clock; and one whose mark is old, if an
   * alarm goes by the clock.
   *
   * @param withAlarms returns the groups by whose clocks alarms go; called at most once
   */
  void keepMarks(Supplier<BitSet> withAlarms) {
    RuntimeException failure = null;
    BitSet known = null;
    for (int group = 0; group < marked.length; group++) {
      long epoch = store.epoch(group);
      Begun owned = epoch == 0 ? null : in(group, epoch);
      ClockMark now = owned == null ? null : newMark(group, owned);
      if (now == null) {
        continue;
      }
      if (marked[group].isOwn) {
        known = known == null ? withAlarms.get() : known;
        if (!known.get(group)) {
          continue;
        }
      }
      marked[group].mark = now;
      marked[group].isOwn = true;
      try {
        store.keep(group, now);
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    if (failure != null) {
      log.error(
          "the mark of the running clock could not be stored; trying again in a minute", failure);
    }
  }

  private @Nullable ClockMark newMark(int group, Begun owned) {
    Marked last = marked[group];
    if (last.epoch != owned.epoch) {
      HeldMark held = owned.held;
      last.epoch = owned.epoch;
      last.mark = held == null ? null : held.mark();
      last.isOwn = held != null && held.isOwn();
    }
    return owned.running.newMark(last.mark);
  }
}
