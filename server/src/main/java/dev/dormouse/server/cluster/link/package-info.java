/**
 * The link between the nodes of a cluster: one port, one authenticated greeting, and two lasting
 * connections for each pair of nodes. It carries calls with answers and messages without, and knows
 * nothing of what they mean. Begin with {@link dev.dormouse.server.cluster.link.NodeLinks}.
 *
 * <p><b>Promises.</b> Frames of one connection arrive in the order in which they were sent, and
 * whole. Every call ends, in an answer or in a {@link
 * dev.dormouse.server.cluster.link.LinkException}. Nothing waits without a bound, and no method
 * blocks. A peer that is not heard of for 1.5 s counts as gone.
 *
 * <p><b>What it does not do.</b> The greeting proves that both nodes have the cluster's secret. It
 * protects no byte after it, so the network between the nodes must be private, or the nodes must
 * have certificates: see {@link dev.dormouse.server.cluster.link.LinkTls}.
 */
@NullMarked
package dev.dormouse.server.cluster.link;

import org.jspecify.annotations.NullMarked;
