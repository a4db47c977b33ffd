/**
 * The records that gateway and host send to each other: {@link dev.dormouse.server.protocol.ToHost}
 * one way, {@link dev.dormouse.server.protocol.ToGateway} inside a {@link
 * dev.dormouse.server.protocol.Release} the other way, and the {@link
 * dev.dormouse.server.protocol.Transport} that carries both. Gateway and host know each other only
 * through these records, which a direct call carries within a process. Between processes a {@link
 * dev.dormouse.server.protocol.Link} makes of a carrier that loses records one that does not. Begin
 * with {@code ToHost}.
 *
 * <p><b>Threads.</b> The package makes none. Records are immutable and may be used by any thread.
 *
 * <p><b>Messages in.</b> A gateway numbers the messages of each connection from 1 and keeps each
 * until the host says that it was {@link dev.dormouse.server.protocol.ToGateway.Handled}. It has at
 * most {@link dev.dormouse.server.protocol.Transport#CREDIT} of them outstanding; then it stops
 * reading the socket. A host whose mailbox is full answers {@link
 * dev.dormouse.server.protocol.ToGateway.Withheld} and later {@link
 * dev.dormouse.server.protocol.ToGateway.Resumed}, after which the gateway sends the messages from
 * that number on again.
 *
 * <p><b>Messages out.</b> A gateway reports what becomes of a message only if the message was sent
 * with a number to report under; then it sends one {@link
 * dev.dormouse.server.protocol.ToHost.Delivered}.
 *
 * <p><b>Two ends that may lose each other.</b> The {@link dev.dormouse.server.protocol.Placement}
 * names the {@link dev.dormouse.server.protocol.Owner} of each group of shards. A gateway announces
 * its sockets to the owner before anything else, and keeps every event until the host has answered
 * it. When the link breaks or the owner changes, the gateway announces its sockets again and
 * repeats what is unanswered. A host refuses records of other epochs than its own, and an event
 * that comes twice takes effect once. On one node the placement is fixed, and none of this happens.
 */
@NullMarked
package dev.dormouse.server.protocol;

import org.jspecify.annotations.NullMarked;
