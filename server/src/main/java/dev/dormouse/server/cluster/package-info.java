/**
 * What a node of a cluster has and a single node does not: the links to the other nodes, the log
 * that they keep together, and the placement that follows from it. A single node starts no part of
 * it.
 *
 * <p>Begin with {@code ClusterNode}, which puts the parts together. {@code LinkTransport} carries
 * the records of gateways and hosts, {@code RemoteCalls} the calls of actors, both over {@link
 * dev.dormouse.server.cluster.link.NodeLinks}. {@link dev.dormouse.server.cluster.raft.RaftLog}
 * keeps the log, and {@code LogPlacement} reads the owners from it; a gateway that keeps no data
 * hears of them by {@code OwnedGroups} and keeps them in {@code HeardPlacement}.
 */
@NullMarked
package dev.dormouse.server.cluster;

import org.jspecify.annotations.NullMarked;
