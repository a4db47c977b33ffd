package dev.dormouse.server.protocol;

import java.time.Instant;

/**
 * Reads the machine's clocks; all other code takes the time from here. Tests move a clock of their
 * own by hand.
 */
public interface Time {

  /**
   * Reads a clock that never jumps, in nanoseconds; only differences of its values mean anything.
   */
  long nowNs();

  /**
   * Reads the wall clock, which may jump, in milliseconds since 1970; for stored dates and people.
   */
  long wallMs();

  /** Reads the wall clock as an instant. */
  default Instant instant() {
    return Instant.ofEpochMilli(wallMs());
  }

  /** Returns the reader of the machine's clocks. */
  static Time system() {
    return SystemTime.INSTANCE;
  }
}

/** The machine's clocks. */
enum SystemTime implements Time {
  INSTANCE;

  @Override
  public long nowNs() {
    return System.nanoTime();
  }

  @Override
  public long wallMs() {
    return System.currentTimeMillis();
  }
}
