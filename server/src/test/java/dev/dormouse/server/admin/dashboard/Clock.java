package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The clocks, which a test moves. */
final class Clock implements Time {
  private final AtomicLong nowNs = new AtomicLong();

  @Override
  public long nowNs() {
    return nowNs.get();
  }

  @Override
  public long wallMs() {
    return 1_790_000_000_000L + nowNs.get() / 1_000_000;
  }

  void advance(Duration by) {
    nowNs.addAndGet(by.toNanos());
  }
}
