package dev.dormouse.server.host.alarm;

import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.HeldMark;
import org.jspecify.annotations.Nullable;

/**
 * The clock of {@link dev.dormouse.storage.rows.DueClock#RUNNING} of a group of shards, by which
 * alarms with a delay go. While a node owns the group, it advances with the node's clock that never
 * jumps, whatever happens to the wall clock. The next owner, or the next process of the same node,
 * begins at the time of the last stored mark, and adds the time that has passed since, as {@link
 * HeldMark} tells it. The first owner begins at the wall clock, so that people can compare the two
 * clocks.
 *
 * <p>A new mark must be stored when the wall clock has jumped, since otherwise the next process
 * would take the jump for time that has passed. A new mark must also be stored regularly, since
 * otherwise the time since the last mark would pass again if the wall clock is set back while no
 * process runs.
 */
public final class RunningTime {
  private static final long JUMP_MS = 1_000;
  private static final long MARK_AGE_MS = 60_000;

  private final Time time;
  private final long run;
  private final long beganMs;
  private final long beganNs;

  /**
   * Begins the clock of a group.
   *
   * @param run the run of this node
   * @param last the last mark of the group; null if none is known
   */
  RunningTime(Time time, long run, @Nullable HeldMark last) {
    this.time = time;
    this.run = run;
    long wallMs = time.wallMs();
    this.beganNs = time.nowNs();
    this.beganMs = last == null ? wallMs : last.runningMs(wallMs);
  }

  /** Reads this clock, in milliseconds. */
  public long nowMs() {
    return atMs(time.nowNs());
  }

  /** Returns the time of this clock, in milliseconds, at a moment of the clock that never jumps. */
  long atMs(long nowNs) {
    return beganMs + (nowNs - beganNs) / 1_000_000;
  }

  /** Reads the wall clock, in milliseconds since 1970. */
  public long wallMs() {
    return time.wallMs();
  }

  /** Returns the mark to store in place of the last one; null if the last one will do. */
  @Nullable ClockMark newMark(@Nullable ClockMark last) {
    ClockMark now = new ClockMark(nowMs(), time.wallMs(), run);
    if (last == null || last.run() != run) {
      return now;
    }
    long runningMs = now.runningMs() - last.runningMs();
    long jumpMs = now.wallMs() - last.wallMs() - runningMs;
    return runningMs >= MARK_AGE_MS || Math.abs(jumpMs) > JUMP_MS ? now : null;
  }
}
