package dev.dormouse.server.host.alarm;

import dev.dormouse.storage.rows.DueAlarm;

/**
 * Decides when an alarm whose handler failed rings again: after 2 s, and after each further failure
 * twice as long, until the delay is 64 s. Up to half of that time is added, so that alarms that
 * failed together do not ring together again. The addition is a pure function of the alarm's actor,
 * its name, and the number of its failures.
 */
public final class AlarmRetry {
  private static final long FIRST_MS = 2_000;

  /** The number of failures after which the delay doubles no more. */
  private static final int DOUBLINGS = 5;

  private AlarmRetry() {}

  /** Returns the delay in milliseconds after so many failures, at least 1; at most 96 s. */
  public static long delayMs(DueAlarm alarm, int failures) {
    long leastMs = FIRST_MS << Math.min(failures - 1, DOUBLINGS);
    long mixed = (31L * alarm.actor().hashCode() + alarm.name().hashCode()) * 31 + failures;
    mixed = (mixed ^ (mixed >>> 29)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 32)) * 0x94d049bb133111ebL;
    return leastMs + Long.remainderUnsigned(mixed ^ (mixed >>> 29), leastMs / 2 + 1);
  }
}
