package dev.dormouse.sdk;

import java.time.Instant;

/**
 * An alarm of an actor: one that is set, or one that rings.
 *
 * <pre>{@code
 * protected void onAlarm(Alarm alarm) {
 *   if (alarm.isRetry()) …                                     // an earlier attempt failed
 *   alarms().at(alarm.name(), alarm.due().plusSeconds(60));    // and again in a minute
 * }
 * }</pre>
 *
 * @param name the alarm's name
 * @param due when the alarm is or was due; for one that was set with {@link Alarms#after}, as the
 *     wall clock stands now. A retry has the time of the first attempt
 * @param attempt the number of the current or next attempt, from 1
 * @param attemptsMax the number of attempts after which the alarm is given up; see {@link
 *     ActorOptions#alarmAttemptsMax}
 */
public record Alarm(String name, Instant due, int attempt, int attemptsMax) {

  /** Returns whether an earlier attempt failed. */
  public boolean isRetry() {
    return attempt > 1;
  }

  /** Returns whether the alarm is given up if this attempt fails. */
  public boolean isLastAttempt() {
    return attempt >= attemptsMax;
  }
}
