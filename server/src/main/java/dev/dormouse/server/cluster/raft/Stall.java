package dev.dormouse.server.cluster.raft;

import java.time.Duration;

/** Tells whether a number that should grow has stood still for too long. One thread at a time. */
final class Stall {
  private final long limitNs;
  private long value;
  private long sinceNs;

  Stall(Duration limit, long nowNs) {
    this.limitNs = limit.toNanos();
    this.sinceNs = nowNs;
  }

  /**
   * Takes the number at a time.
   *
   * @param shouldGrow whether the number should grow
   * @return whether it should have grown for longer than the limit, and has not
   */
  boolean isStalled(long number, boolean shouldGrow, long nowNs) {
    if (!shouldGrow || number != value) {
      value = number;
      sinceNs = nowNs;
    }
    return nowNs - sinceNs > limitNs;
  }

  /** Begins to wait anew. */
  void reset(long nowNs) {
    sinceNs = nowNs;
  }
}
