/**
 * Decides when alarms ring: {@code AlarmClock} finds the alarms that are due and hands them to the
 * host, {@code AlarmLanes} knows where in the store to look, {@code RunningTime} is the clock of
 * alarms that are set by a delay, {@code GroupClocks} has one for each group of shards, and {@code
 * AlarmRetry} says when a failed alarm rings again. Begin with {@code AlarmClock}.
 *
 * <p><b>Threads.</b> {@code AlarmClock} may be used by any thread; its monitor guards {@code
 * AlarmLanes}.
 */
@NullMarked
package dev.dormouse.server.host.alarm;

import org.jspecify.annotations.NullMarked;
