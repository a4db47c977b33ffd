package dev.dormouse.server.host;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Where a host's failures are told: at most {@value #BURST} lines at once and {@value #PER_SECOND}
 * a second from then on, so that a fault of every event, or of every actor of a type, is a fault
 * and not a flood. What is left out is counted, and the number told. Any thread.
 */
final class FailureLog {
  static final int BURST = 100;
  static final int PER_SECOND = 10;

  private static final Logger log = Log.of(FailureLog.class);
  private static final long PER_LINE_NS = 1_000_000_000L / PER_SECOND;

  private final Time time;

  // Guarded by the monitor.
  private long fullAtNs;
  private long leftOut;

  FailureLog(Time time) {
    this.time = time;
    this.fullAtNs = time.nowNs();
  }

  /** A line, with a last argument that may be a cause whose stack trace is wanted. */
  void error(String format, @Nullable Object... arguments) {
    if (arguments.length > 0 && arguments[arguments.length - 1] instanceof Throwable cause) {
      Log.caught(cause); // the line may be left out
    }
    if (mayTell()) {
      log.error(format, arguments);
    }
  }

  /** Tells how many lines were left out, if some were and there is room again. */
  void tick() {
    long number;
    synchronized (this) {
      if (leftOut == 0 || !hasRoom(time.nowNs())) {
        return;
      }
      number = leftOut;
      leftOut = 0;
    }
    log.error("{} more lines about failures were left out", number);
  }

  private synchronized boolean mayTell() {
    long nowNs = time.nowNs();
    if (!hasRoom(nowNs)) {
      leftOut++;
      return false;
    }
    fullAtNs = Math.max(fullAtNs - nowNs, 0) + nowNs + PER_LINE_NS;
    return true;
  }

  /** Whether fewer than a burst of lines were told that time has not made up for yet. */
  private boolean hasRoom(long nowNs) {
    return fullAtNs - nowNs <= (BURST - 1) * PER_LINE_NS;
  }
}
