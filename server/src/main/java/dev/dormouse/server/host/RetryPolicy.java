package dev.dormouse.server.host;

import java.time.Duration;

/**
 * A policy that says how often, and how soon, what failed is tried again. Pure.
 *
 * @param attemptsMax an event whose actor could not be activated for it, or whose turn could not
 *     read the store, so often is given up; at least 1
 * @param firstRest how long nothing is tried after a first failure; twice as long after each
 *     further one in a row
 * @param restMax but never longer than this
 * @param patience how long after the beginning of the first failure upgrades and requests still
 *     wait; then they are answered 503
 */
public record RetryPolicy(
    int attemptsMax, Duration firstRest, Duration restMax, Duration patience) {
  private static final int DOUBLINGS_MAX = 20;

  /** Checks the numbers. */
  public RetryPolicy {
    if (attemptsMax < 1) {
      throw new IllegalArgumentException("attemptsMax " + attemptsMax + " is less than 1");
    }
    if (firstRest.toMillis() < 1 || firstRest.compareTo(restMax) > 0) {
      throw new IllegalArgumentException(
          "firstRest " + firstRest + " is not between 1 ms and restMax, " + restMax);
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience " + patience + " is negative");
    }
  }

  /** 6 attempts; rests of 250 ms to 10 s; 2 s of patience. */
  public static RetryPolicy defaults() {
    return new RetryPolicy(
        6, Duration.ofMillis(250), Duration.ofSeconds(10), Duration.ofSeconds(2));
  }

  /** Returns this policy with another longest rest. */
  public RetryPolicy withRestMax(Duration restMax) {
    return new RetryPolicy(attemptsMax, firstRest, restMax, patience);
  }

  /** Returns how long nothing is tried after so many failures in a row, at least one. */
  long restNs(int failures) {
    long restNs = firstRest.toNanos() << Math.min(failures - 1, DOUBLINGS_MAX);
    return Math.min(restNs, restMax.toNanos());
  }
}
