package dev.dormouse.server.host;

import org.jspecify.annotations.Nullable;

/**
 * Failures in a row, and when the next attempt is due. All times are those of the clock that never
 * jumps.
 *
 * @param failures how many attempts have failed, at least one
 * @param sinceNs when the first failed attempt began
 * @param dueNs when the next attempt is due
 */
record Retry(int failures, long sinceNs, long dueNs) {

  /** Returns the failures with one more, of an attempt that began then and has just ended. */
  static Retry after(@Nullable Retry before, RetryPolicy policy, long beganNs, long nowNs) {
    int failures = before == null ? 1 : before.failures + 1;
    long sinceNs = before == null ? beganNs : before.sinceNs;
    return new Retry(failures, sinceNs, nowNs + policy.restNs(failures));
  }

  /** Returns these failures with the next attempt due at once. */
  Retry dueAt(long nowNs) {
    return new Retry(failures, sinceNs, nowNs);
  }

  boolean isDue(long nowNs) {
    return nowNs - dueNs >= 0;
  }

  /** Returns whether the failures have not lasted longer than the policy's patience. */
  boolean mayPass(RetryPolicy policy, long nowNs) {
    return nowNs - sinceNs < policy.patience().toNanos();
  }
}
