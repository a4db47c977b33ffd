package dev.dormouse.testkit;

import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.time.Instant;

/** The clocks of a test, which stand still until they are moved. */
final class ManualTime implements Time {
  /** The time by the wall clock at which every test begins. */
  static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  private long nowNs;

  @Override
  public long nowNs() {
    return nowNs;
  }

  @Override
  public long wallMs() {
    return BEGIN.toEpochMilli() + nowNs / 1_000_000;
  }

  void advance(Duration by) {
    nowNs += by.toNanos();
  }

  /** Returns the time since the test began. */
  Duration passed() {
    return Duration.ofNanos(nowNs);
  }
}
