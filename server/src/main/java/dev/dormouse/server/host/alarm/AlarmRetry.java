package dev.dormouse.server.host.alarm;

import dev.dormouse.sdk.Alarms;
import dev.dormouse.storage.rows.DueAlarm;

/**
 * When an alarm whose handler failed is tried again: after 2 s, then twice as long each time, and
 * up to half as long again, so that alarms that failed together do not come again together. A pure
 * function: how much longer is chosen by what the alarm is called and how often it failed.
 */
public final class AlarmRetry {
  private static final long FIRST_MS = 2_000;

  private AlarmRetry() {}

  /** Whether an alarm that failed so often is given up. */
  public static boolean isGivenUp(int failures) {
    return failures >= Alarms.ATTEMPTS_MAX;
  }

  /** How long to wait after so many failures, 1 or more, in milliseconds; 96 s at most. */
  public static long delayMs(DueAlarm alarm, int failures) {
    long leastMs = FIRST_MS << Math.min(failures - 1, Alarms.ATTEMPTS_MAX - 2);
    long mixed = (31L * alarm.actor().hashCode() + alarm.name().hashCode()) * 31 + failures;
    mixed = (mixed ^ (mixed >>> 29)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 32)) * 0x94d049bb133111ebL;
    return leastMs + Long.remainderUnsigned(mixed ^ (mixed >>> 29), leastMs / 2 + 1);
  }
}
