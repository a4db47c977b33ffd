/**
 * Alarms: when each one is due, in which order due alarms ring, and when a failed one rings again.
 * Begin with {@code AlarmClock}. Which actor rings is decided above this package.
 *
 * <p>Threads: any, unless a class says otherwise.
 */
@NullMarked
package dev.dormouse.server.host.alarm;

import org.jspecify.annotations.NullMarked;
