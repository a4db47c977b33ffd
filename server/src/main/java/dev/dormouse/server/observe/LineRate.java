package dev.dormouse.server.observe;

import dev.dormouse.server.protocol.Time;
import java.time.Duration;

/**
 * Bounds how many log lines there are about one thing: some at once, then one in a while, so that a
 * fault of every event is a fault and not a flood. What is left out is counted. Any thread.
 */
public final class LineRate {
  /** What {@link #next} returns for a line that is to be left out. */
  public static final long LEAVE_OUT = -1;

  private final Time time;
  private final long burst;
  private final long perLineNs;

  // Guarded by the monitor.
  private long fullAtNs;
  private long leftOut;

  /**
   * Bounds lines.
   *
   * @param burst how many there may be at once
   * @param perLine after how long there may be one more
   */
  public LineRate(Time time, int burst, Duration perLine) {
    this.time = time;
    this.burst = burst;
    this.perLineNs = perLine.toNanos();
    this.fullAtNs = time.nowNs();
  }

  /**
   * Asks for one more line.
   *
   * @return how many were left out since the last one, or {@link #LEAVE_OUT} if this is to be, too
   */
  public synchronized long next() {
    long nowNs = time.nowNs();
    if (!hasRoom(nowNs)) {
      leftOut++;
      return LEAVE_OUT;
    }
    fullAtNs = Math.max(fullAtNs - nowNs, 0) + nowNs + perLineNs;
    return takeLeftOut();
  }

  /** Returns how many lines were left out and not told of, once there is room again; else 0. */
  public synchronized long untold() {
    return leftOut > 0 && hasRoom(time.nowNs()) ? takeLeftOut() : 0;
  }

  private long takeLeftOut() {
    long number = leftOut;
    leftOut = 0;
    return number;
  }

  /** Whether fewer than a burst of lines were logged that time has not made up for yet. */
  private boolean hasRoom(long nowNs) {
    return fullAtNs - nowNs <= (burst - 1) * perLineNs;
  }
}
