package dev.dormouse.server.host.alarm;

import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.rows.ClockMark;
import org.jspecify.annotations.Nullable;

/**
 * The clock of {@link dev.dormouse.storage.rows.DueClock#RUNNING}: within the process it goes by
 * the clock that never jumps, whatever is done to the wall clock. The next process begins where the
 * last mark stands, and adds the time that the wall clock says has passed since, but never takes
 * any away. The first one ever begins at the wall clock, so that the two can be compared by eye.
 *
 * <p>A mark must be kept anew when the wall clock has jumped (or the next process would take the
 * jump for time that passed), and now and then (or, the wall clock being set back while no process
 * runs, all since the last mark would pass again).
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

  /** Milliseconds. */
  public long nowMs() {
    return beganMs + (time.nowNs() - beganNs) / 1_000_000;
  }

  public long wallMs() {
    return time.wallMs();
  }

  /** What is to be kept in place of the last mark; null if that will do. */
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
