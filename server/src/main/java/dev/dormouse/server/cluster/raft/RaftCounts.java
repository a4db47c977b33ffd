package dev.dormouse.server.cluster.raft;

/**
 * Counts what the watch over a node's log has done since its start.
 *
 * @param restarts the groups that were started again in the process, because their log did not go
 *     on
 * @param repairs the attempts to move on a node that lacked entries and did not get them
 * @param lagging the nodes that lack entries of groups of this node and do not get them now
 * @param transfers the groups that were handed to another node
 * @param transfersFailed the attempts to hand over a group that were refused or took too long
 */
public record RaftCounts(
    long restarts, long repairs, int lagging, long transfers, long transfersFailed) {}
