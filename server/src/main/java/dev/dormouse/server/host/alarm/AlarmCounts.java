package dev.dormouse.server.host.alarm;

/**
 * Counts of alarms since the start, by what became of them.
 *
 * @param underWay alarms that were handed to their actors and are not settled yet
 * @param rung how often an alarm was handed to its actor
 * @param failed attempts that failed and after which the alarm rings again
 * @param givenUp alarms that were given up after their last attempt
 * @param unhosted actor types that are not registered and have alarms that are due; those alarms
 *     stay stored
 */
public record AlarmCounts(int underWay, long rung, long failed, long givenUp, int unhosted) {}
