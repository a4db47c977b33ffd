package dev.dormouse.server.host;

import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The clocks, which a test moves. */
final class ManualTime implements Time {
  private final AtomicLong nowNs = new AtomicLong();
  private final AtomicLong wallMs = new AtomicLong(1_790_000_000_000L);

  @Override
  public long nowNs() {
    return nowNs.get();
  }

  @Override
  public long wallMs() {
    return wallMs.get() + nowNs.get() / 1_000_000;
  }

  void advance(Duration by) {
    nowNs.addAndGet(by.toNanos());
  }

  /** Sets the wall clock forward, or back if it is negative. */
  void jumpWall(Duration by) {
    wallMs.addAndGet(by.toMillis());
  }
}
