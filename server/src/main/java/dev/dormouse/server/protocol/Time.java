package dev.dormouse.server.protocol;

import java.time.Instant;

/** The only reader of clocks. Tests move one by hand. */
public interface Time {

  /** Nanoseconds of a clock that never jumps; only differences mean something. */
  long nowNs();

  /** Milliseconds since 1970, by a clock that may jump. For people and for stored dates. */
  long wallMs();

  /** The wall clock as an instant. */
  default Instant instant() {
    return Instant.ofEpochMilli(wallMs());
  }

  /** The machine's clocks. */
  static Time system() {
    return SystemTime.INSTANCE;
  }
}

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
