package dev.dormouse.server.host.rows;

/**
 * Counts of stored parts that a host could not read since it was made. A part counts once, however
 * often it was read, up to {@value Quarantine#KNOWN_MAX} parts; of further parts, each attempt
 * counts.
 *
 * @param unreadableActors actors whose own row cannot be read; their events are refused
 * @param unreadableConnections connections whose row cannot be read; their events are handled
 * @param unreadableAttachments attachments that cannot be read, though their row can
 * @param unreadableValues entries of an actor's storage that cannot be read, lists of automatic
 *     replies, and alarms
 * @param refusedEvents events of actors that cannot be read
 * @param unclosedLeftovers connections of an earlier process whose actor cannot be read; they stay
 *     stored, and the next start tries to close them again
 */
public record UnreadableCounts(
    long unreadableActors,
    long unreadableConnections,
    long unreadableAttachments,
    long unreadableValues,
    long refusedEvents,
    long unclosedLeftovers) {}
