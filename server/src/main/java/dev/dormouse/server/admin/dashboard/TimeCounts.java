package dev.dormouse.server.admin.dashboard;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts durations in classes that are a quarter of a power of two wide, in microseconds, so that
 * results are exact to 12 %. Any thread counts; one thread at a time reads.
 */
final class TimeCounts {
  private static final int QUARTERS = 4;
  private static final int CLASSES = 40 * QUARTERS;

  private final AtomicLongArray counts = new AtomicLongArray(CLASSES);
  private final long[] read = new long[CLASSES];

  void add(long ns) {
    counts.incrementAndGet(classOf(ns / 1_000));
  }

  private static int classOf(long us) {
    if (us < QUARTERS) {
      return (int) Math.max(0, us);
    }
    int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(us);
    int quarter = (int) (us >>> (power - 2)) & (QUARTERS - 1);
    return Math.min(CLASSES - 1, (power - 1) * QUARTERS + quarter);
  }

  /** Returns the middle of a class, in milliseconds. */
  private static double msOf(int number) {
    if (number < QUARTERS) {
      return (number + 0.5) / 1_000;
    }
    double step = Math.scalb(1.0, number / QUARTERS - 1);
    return (QUARTERS + number % QUARTERS + 0.5) * step / 1_000;
  }

  /** Returns the counts since the last call. */
  Counted next() {
    long[] since = new long[CLASSES];
    long number = 0;
    for (int i = 0; i < CLASSES; i++) {
      long now = counts.get(i);
      since[i] = now - read[i];
      read[i] = now;
      number += since[i];
    }
    return new Counted(number, at(since, number, 0.5), at(since, number, 0.99));
  }

  private static double at(long[] counts, long number, double part) {
    long before = (long) Math.ceil(number * part);
    for (int i = 0; i < CLASSES && number > 0; i++) {
      before -= counts[i];
      if (before <= 0) {
        return msOf(i);
      }
    }
    return 0;
  }

  /**
   * Holds the number of durations, and their distribution.
   *
   * @param medianMs the duration that half of them did not exceed; 0 if there were none
   * @param tailMs the duration that 99 % of them did not exceed; 0 if there were none
   */
  record Counted(long number, double medianMs, double tailMs) {}
}
