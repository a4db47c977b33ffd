package dev.dormouse.sdk;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The alarms of an actor, each with a name. When an alarm is due, {@link WebSocketActor#onAlarm} is
 * called in a turn of its own, and an actor that is not in memory is woken for it.
 *
 * <pre>{@code
 * alarms().after("next-round", Duration.ofSeconds(30));
 * alarms().at("end", Instant.parse("2030-01-01T00:00:00Z"));
 * alarms().cancel("end");
 * }</pre>
 *
 * <p><b>Durable, and part of the turn.</b> An alarm is there once the turn that set it is
 * committed, and is gone with the commit of the turn that handles it; if a turn fails, what it set
 * and cancelled is void. An alarm does not keep its actor in memory. What was due while the server
 * was down comes after it has started again, a limited number at a time.
 *
 * <p><b>At least once.</b> An alarm never comes early; how late it comes depends on how busy the
 * server is and on the events that wait for the actor. The alarms of one actor come in the order in
 * which they were due. If the handler throws, the alarm is tried again up to six times ({@link
 * ActorOptions#alarmAttemptsMax}), after 2 s and then twice as long each time until it is 64 s, and
 * up to half as long again, so that many do not come together; the count survives a restart. After
 * the last failure it is given up, which is logged and counted. An attempt that the death of the
 * process cut short does not count, nor does one for which the actor could not be activated: the
 * alarm comes again, however often that takes.
 *
 * <p><b>Clocks.</b> {@link #at} goes by the wall clock as it stands: if that is set forward past
 * the instant the alarm rings at once, and if it is set back the alarm waits until it is there
 * again. {@link #after} goes by a clock that never jumps while the server runs; while it does not
 * run, the time that passed is read off the wall clock, and is none if that was set back. Retries
 * go by the same clock.
 */
public interface Alarms {

  /** The number of alarms that an actor may have by default; see {@link ActorOptions#alarmsMax}. */
  int ALARMS_DEFAULT = 1_024;

  /** The longest name, in bytes of UTF-8. */
  int NAME_BYTES_MAX = 256;

  /**
   * The number of attempts to handle an alarm by default; see {@link
   * ActorOptions#alarmAttemptsMax}.
   */
  int ATTEMPTS_DEFAULT = 7;

  /** The latest instant that an alarm may be set for: the end of the year 9999. */
  Instant DUE_MAX = Instant.parse("9999-12-31T23:59:59.999Z");

  /** The longest delay, about a hundred years. */
  Duration DELAY_MAX = Duration.ofDays(36_525);

  /**
   * Sets an alarm for an instant, in place of one of the same name. A past instant is due at once.
   *
   * @param name 1 to {@value #NAME_BYTES_MAX} bytes of UTF-8
   * @param due to the millisecond; the rest is rounded up
   * @throws LimitExceededException if the name is empty or too long, or the actor has {@link
   *     ActorOptions#alarmsMax()} other alarms
   * @throws IllegalArgumentException if the instant is after {@link #DUE_MAX}
   */
  void at(String name, Instant due);

  /**
   * Sets an alarm after a delay, in place of one of the same name.
   *
   * @param name 1 to {@value #NAME_BYTES_MAX} bytes of UTF-8
   * @param delay from now, to the millisecond; the rest is rounded up
   * @throws LimitExceededException if the name is empty or too long, or the actor has {@link
   *     ActorOptions#alarmsMax()} other alarms
   * @throws IllegalArgumentException if the delay is negative or longer than {@link #DELAY_MAX}
   */
  void after(String name, Duration delay);

  /**
   * Removes an alarm. An alarm that is due and waits for the actor does not come any more.
   *
   * @return whether there was such an alarm
   * @throws LimitExceededException if the name is empty or too long
   */
  boolean cancel(String name);

  /**
   * Returns the alarm of a name. An alarm that is being handled is set only if its handler has set
   * it anew.
   *
   * @throws LimitExceededException if the name is empty or too long
   */
  Optional<Alarm> get(String name);

  /** Returns all alarms that are set, in the order in which they are due. */
  List<Alarm> list();
}
