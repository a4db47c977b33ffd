package dev.dormouse.server.gateway.limits;

import java.time.Duration;

/** Checks values of options against their ranges, and words the refusal of a value. */
public final class Ranges {
  private Ranges() {}

  /**
   * Returns the number if it is in the range.
   *
   * @param name the option, as the message names it
   * @throws IllegalArgumentException if it is not; the message has the name and the range
   */
  public static long check(String name, long number, long min, long max) {
    if (number < min || number > max) {
      throw new IllegalArgumentException(
          max == Integer.MAX_VALUE || max == Long.MAX_VALUE
              ? "%s %s is not %s or more".formatted(name, number, min)
              : "%s %s is not %s to %s".formatted(name, number, min, max));
    }
    return number;
  }

  /**
   * Returns the time if it is in the range.
   *
   * @param name the option, as the message names it
   * @param max a number of whole hours
   * @throws IllegalArgumentException if it is not; the message has the name and the range
   */
  public static Duration check(String name, Duration time, Duration min, Duration max) {
    if (time.compareTo(min) < 0 || time.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "%s %s ms is not %s ms to %s h"
              .formatted(name, time.toMillis(), min.toMillis(), max.toHours()));
    }
    return time;
  }
}
