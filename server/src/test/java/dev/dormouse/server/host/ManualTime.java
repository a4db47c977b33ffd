package dev.dormouse.server.host;

import dev.dormouse.server.protocol.Time;
import java.time.Duration;

/** A clock that a test moves. */
final class ManualTime implements Time {
  private volatile long nowNs;

  @Override
  public long nowNs() {
    return nowNs;
  }

  @Override
  public long wallMs() {
    return 1_790_000_000_000L + nowNs / 1_000_000;
  }

  void advance(Duration by) {
    nowNs += by.toNanos();
  }
}
