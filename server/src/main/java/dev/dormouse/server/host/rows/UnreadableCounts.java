package dev.dormouse.server.host.rows;

/**
 * What a host could not read since it was made, each counted once, however often it was tried, and
 * what became of it. A few thousand are told apart; beyond that, each attempt counts.
 *
 * @param unreadableActors actors whose own row cannot be read; their events are refused
 * @param unreadableConnections connections whose row cannot be read; their events are handled
 * @param unreadableAttachments attachments that cannot be read, though their row can
 * @param unreadableValues entries of an actor's storage that cannot be read, lists of automatic
 *     replies, and alarms
 * @param refusedEvents events of actors that cannot be read
 * @param unclosedLeftovers connections of a process that died whose actor cannot be read: they stay
 *     stored, and the next start tries again
 */
public record UnreadableCounts(
    long unreadableActors,
    long unreadableConnections,
    long unreadableAttachments,
    long unreadableValues,
    long refusedEvents,
    long unclosedLeftovers) {}
