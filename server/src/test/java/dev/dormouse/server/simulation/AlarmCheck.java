package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.storage.rows.AlarmRow;
import org.jspecify.annotations.Nullable;

/**
 * Checks alarms: they are never early, they ring as they were set, and an alarm whose turn failed
 * has the right fate.
 */
final class AlarmCheck {
  private static final long FIRST_RETRY_MS = 2_000;

  private final Simulation run;
  private final Oracle oracle;

  AlarmCheck(Simulation run, Oracle oracle) {
    this.run = run;
    this.oracle = oracle;
  }

  /** Records that an alarm rings: it must be set and due, and be as it was set. */
  void rings(TurnModel turn, Alarm alarm) {
    run.count(Happening.ALARM_RUNG);
    AlarmRow row = turn.base.alarms().get(alarm.name());
    if (row == null) {
      oracle.broken(Promise.ATOMIC, turn + " comes, and there is no such alarm");
      return;
    }
    if (alarm.isRetry()) {
      run.count(Happening.ALARM_TRIED_AGAIN);
    }
    boolean isAsSet =
        alarm.attempt() == row.failures() + 1 && alarm.due().toEpochMilli() == row.dueMs();
    if (!isAsSet) {
      oracle.broken(Promise.ATOMIC, "%s is told %s of %s".formatted(turn, alarm, row));
    }
    if (dueMs(row) > run.time().wallMs()) {
      oracle.broken(Promise.ATOMIC, "%s comes at %d, too early for %s".formatted(turn, now(), row));
    }
  }

  private long now() {
    return run.time().wallMs();
  }

  /**
   * Returns when an alarm rings; the two clocks are the same here, since the wall clock never
   * jumps.
   */
  static long dueMs(AlarmRow row) {
    return row.retryMs() == 0 ? row.dueMs() : row.retryMs();
  }

  /**
   * Returns whether writes change only the alarm as they should after its turn failed or had no
   * object.
   */
  boolean isMoved(ActorModel actor, @Nullable TurnModel ended, Picture after) {
    for (String name : actor.current.alarms().keySet()) {
      AlarmRow row = actor.current.alarms().get(name);
      AlarmRow moved = after.alarms().get(name);
      Picture wanted = actor.current.copy();
      wanted.alarms().remove(name);
      if (moved != null) {
        wanted.alarms().put(name, moved);
      }
      if (row.equals(moved) || !wanted.equals(after)) {
        continue;
      }
      boolean isItsTurn = ended != null && name.equals(ended.alarm);
      boolean mayHaveFailed = isItsTurn && ended.fate != TurnModel.Fate.OPEN;
      return ((mayHaveFailed || actor.isTroubled) && isAfterFailure(row, moved))
          || (actor.isTroubled && isPutOff(row, moved));
    }
    return false;
  }

  private boolean isAfterFailure(AlarmRow row, @Nullable AlarmRow moved) {
    int attempts = row.failures() + 1;
    if (moved == null || attempts >= Alarms.ATTEMPTS_DEFAULT) {
      return moved == null && attempts >= Alarms.ATTEMPTS_DEFAULT;
    }
    long leastMs = FIRST_RETRY_MS << (attempts - 1);
    long delayMs = moved.retryMs() - now();
    return moved.failures() == attempts
        && moved.dueMs() == row.dueMs()
        && moved.clock() == row.clock()
        && delayMs >= leastMs
        && delayMs <= leastMs + leastMs / 2;
  }

  private boolean isPutOff(AlarmRow row, @Nullable AlarmRow moved) {
    return moved != null
        && dueMs(row) <= now()
        && moved.retryMs() > now()
        && row.putOff(moved.retryMs()).equals(moved);
  }
}
