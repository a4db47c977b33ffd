/**
 * The parts of a node of a cluster that a single node lacks: the links to the other nodes, the log
 * that the nodes keep together, and the placement that follows from the log. A single node starts
 * no part of it.
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
