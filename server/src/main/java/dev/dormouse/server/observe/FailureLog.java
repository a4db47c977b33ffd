package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Where a host's failures are told: at most {@value #BURST} lines at once and {@value #PER_SECOND}
 * a second from then on, so that a fault of every event, or of every actor of a type, is a fault
 * and not a flood. What is left out is counted, and the number told. Any thread.
 */
public final class FailureLog {
  public static final int BURST = 100;
  public static final int PER_SECOND = 10;

  private static final Logger log = Log.of(FailureLog.class);

  private final LineRate rate;

  public FailureLog(Time time) {
    this.rate = new LineRate(time, BURST, Duration.ofSeconds(1).dividedBy(PER_SECOND));
  }

  /** A line, with a last argument that may be a cause whose stack trace is wanted. */
  public void error(String format, @Nullable Object... arguments) {
    rate.error(log, format, arguments);
  }

  /** Tells how many lines were left out, if some were and there is room again. */
  public void tick() {
    rate.tellLeftOut(log);
  }
}
