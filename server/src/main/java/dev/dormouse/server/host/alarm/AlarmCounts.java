package dev.dormouse.server.host.alarm;

/**
 * What became of alarms since the start.
 *
 * @param underWay how many were handed to their actors and are not settled yet
 * @param rung how often one was handed to its actor
 * @param failed how many attempts failed and are tried again
 * @param givenUp how many were given up after their last attempt
 * @param unhosted how many actor types that are not registered have alarms that are due; the alarms
 *     stay
 */
public record AlarmCounts(int underWay, long rung, long failed, long givenUp, int unhosted) {}
