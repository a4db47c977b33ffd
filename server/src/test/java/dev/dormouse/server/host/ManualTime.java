package dev.dormouse.server.host;

import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The clocks, which a test moves. */
public final class ManualTime implements Time {
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

  public void advance(Duration by) {
    nowNs.addAndGet(by.toNanos());
  }

  /** Sets the wall clock forward, or back if it is negative. */
  public void jumpWall(Duration by) {
    wallMs.addAndGet(by.toMillis());
  }
}
