package dev.dormouse.server.host.alarm;

import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.rows.ClockMark;
import org.jspecify.annotations.Nullable;

/**
 * The clock of {@link dev.dormouse.storage.rows.DueClock#RUNNING}, by which alarms with a delay go.
 * Within a process it advances with the clock that never jumps, whatever happens to the wall clock.
 * The next process begins at the time of the last stored mark, and adds the time that has passed
 * since by the wall clock, if that is not negative. The first process begins at the wall clock, so
 * that people can compare the two clocks.
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
  private final long beganMs;
  private final long beganNs;

  RunningTime(Time time, @Nullable ClockMark last) {
    this.time = time;
    long wallMs = time.wallMs();
    this.beganNs = time.nowNs();
    this.beganMs = last == null ? wallMs : last.runningMs() + Math.max(0, wallMs - last.wallMs());
  }

  /** Reads this clock, in milliseconds. */
  public long nowMs() {
    return beganMs + (time.nowNs() - beganNs) / 1_000_000;
  }

  /** Reads the wall clock, in milliseconds since 1970. */
  public long wallMs() {
    return time.wallMs();
  }

  /** Returns the mark to store in place of the last one; null if the last one will do. */
  @Nullable ClockMark newMark(@Nullable ClockMark last) {
    ClockMark now = new ClockMark(nowMs(), time.wallMs());
    if (last == null) {
      return now;
    }
    long runningMs = now.runningMs() - last.runningMs();
    long jumpMs = now.wallMs() - last.wallMs() - runningMs;
    return runningMs >= MARK_AGE_MS || Math.abs(jumpMs) > JUMP_MS ? now : null;
  }
}
