package dev.dormouse.server.simulation;

import dev.dormouse.server.protocol.Time;

/** A clock that stands still until a step moves it. */
final class SimulatedTime implements Time {
  private static final long BEGIN_MS = 1_790_000_000_000L;

  private long nowMs;

  @Override
  public long nowNs() {
    return nowMs * 1_000_000;
  }

  @Override
  public long wallMs() {
    return BEGIN_MS + nowMs;
  }

  /** Returns the time since the beginning of the run. */
  long nowMs() {
    return nowMs;
  }

  void advance(long byMs) {
    nowMs += byMs;
  }
}
