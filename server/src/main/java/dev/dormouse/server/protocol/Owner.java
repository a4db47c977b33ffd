package dev.dormouse.server.protocol;

/**
 * The owner of a group of shards: the node whose host runs the actors of the group.
 *
 * @param node the name of the node
 * @param epoch the number of the ownership, which grows with every ownership of the group; turns,
 *     releases and records of an older epoch are refused
 */
public record Owner(String node, long epoch) {}
