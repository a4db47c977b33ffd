package dev.dormouse.server.host;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a failed activation is tried again for an event that must take effect: {@value #ATTEMPTS}
 * times in all, after 250 ms, then twice as long each time.
 *
 * @param failures how many attempts have failed
 * @param dueNs when the next is due, by the clock that never jumps
 */
record Retry(int failures, long dueNs) {
  private static final int ATTEMPTS = 6;
  private static final Duration FIRST = Duration.ofMillis(250);

  /** After one more failure; null if no attempt is left. */
  static @Nullable Retry after(@Nullable Retry before, long nowNs) {
    int failures = before == null ? 1 : before.failures + 1;
    return failures == ATTEMPTS
        ? null
        : new Retry(failures, nowNs + (FIRST.toNanos() << (failures - 1)));
  }

  boolean isDue(long nowNs) {
    return nowNs - dueNs >= 0;
  }
}
