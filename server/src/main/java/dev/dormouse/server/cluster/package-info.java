/**
 * What a node of a cluster has and a single node does not: the links to the other nodes, the log
 * that they keep together, and the placement that follows from it. A single node starts no part of
 * it. Begin with {@link dev.dormouse.server.cluster.link.NodeLinks}, then {@link
 * dev.dormouse.server.cluster.raft.RaftLog}.
 */
@NullMarked
package dev.dormouse.server.cluster;

import org.jspecify.annotations.NullMarked;
