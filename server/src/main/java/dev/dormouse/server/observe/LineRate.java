package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Bounds the number of log lines about one thing: a burst at first, then one line in each period,
 * so that a fault of every event does not flood the log. Lines that are left out are counted. Any
 * thread.
 */
public final class LineRate {
  /** The result of {@link #next} for a line that is to be left out. */
  public static final long LEAVE_OUT = -1;

  private final Time time;
  private final long burst;
  private final long perLineNs;

  // Guarded by the monitor.
  private long fullAtNs;
  private long leftOut;

  /**
   * Creates a bound on lines.
   *
   * @param burst the most lines at once
   * @param perLine the time after which one more line is allowed
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
   * @return the number of lines that were left out since the last one, or {@link #LEAVE_OUT} if
   *     this line is to be left out too
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
   * Logs an error if one more line is allowed; the line is preceded by one with the number of lines
   * that were left out.
   *
   * @param arguments the arguments of the format; the last one may be a cause whose stack trace is
   *     logged
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

  /**
   * Logs the number of lines that were left out, if there are such lines and one more line is
   * allowed.
   */
  public void tellLeftOut(Logger log) {
    tellLeftOut(log, untold());
  }

  private static void tellLeftOut(Logger log, long number) {
    if (number > 0) {
      log.error("{} more lines about failures were left out", number);
    }
  }

  /**
   * Returns the number of lines that were left out and not reported, once a line is allowed again;
   * else 0.
   */
  public synchronized long untold() {
    return leftOut > 0 && hasRoom(time.nowNs()) ? takeLeftOut() : 0;
  }

  private long takeLeftOut() {
    long number = leftOut;
    leftOut = 0;
    return number;
  }

  /** Returns whether fewer than a burst of lines were logged that time has not made up for yet. */
  private boolean hasRoom(long nowNs) {
    return fullAtNs - nowNs <= (burst - 1) * perLineNs;
  }
}
