package dev.dormouse.server.host;

import java.time.Duration;

/**
 * A policy that says how often, and how soon, a failed activation or read is tried again. Its
 * methods are pure functions.
 *
 * @param attemptsMax the number of failed attempts after which an event is given up, at least 1; an
 *     attempt fails if the actor cannot be activated or the turn cannot read the store
 * @param firstRest how long a cell rests after a first failure; the rest doubles with each further
 *     failure in a row
 * @param restMax the longest rest
 * @param patience how long after the beginning of the first failure upgrades and requests still
 *     wait; after that they are answered 503
 */
public record RetryPolicy(
    int attemptsMax, Duration firstRest, Duration restMax, Duration patience) {
  private static final int DOUBLINGS_MAX = 20;

  /** Checks the parameters. */
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

  /** Returns the defaults: 6 attempts, rests of 250 ms to 10 s, 2 s of patience. */
  public static RetryPolicy defaults() {
    return new RetryPolicy(
        6, Duration.ofMillis(250), Duration.ofSeconds(10), Duration.ofSeconds(2));
  }

  /** Returns this policy with another number of attempts. */
  RetryPolicy withAttemptsMax(int attemptsMax) {
    return new RetryPolicy(attemptsMax, firstRest, restMax, patience);
  }

  /** Returns this policy with another longest rest. */
  public RetryPolicy withRestMax(Duration restMax) {
    return new RetryPolicy(attemptsMax, firstRest, restMax, patience);
  }

  /** Returns how long a cell rests after so many failures in a row, at least one. */
  long restNs(int failures) {
    long restNs = firstRest.toNanos() << Math.min(failures - 1, DOUBLINGS_MAX);
    return Math.min(restNs, restMax.toNanos());
  }
}
