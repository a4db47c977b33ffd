package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

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

  /**
   * Logs an error if there may be one more line; before it, how many lines were left out.
   *
   * @param arguments the last may be a cause whose stack trace is wanted
   */
  public void error(Logger log, String format, @Nullable Object... arguments) {
    if (arguments.length > 0 && arguments[arguments.length - 1] instanceof Throwable cause) {
      Log.caught(cause); // the line may be left out
    }
    long before = next();
    if (before != LEAVE_OUT) {
      tellLeftOut(log, before);
      log.error(format, arguments);
    }
  }

  /** Logs how many lines were left out, if some were and there is room again. */
  public void tellLeftOut(Logger log) {
    tellLeftOut(log, untold());
  }

  private static void tellLeftOut(Logger log, long number) {
    if (number > 0) {
      log.error("{} more lines about failures were left out", number);
    }
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
