/**
 * The records that gateway and host send to each other: {@link dev.dormouse.server.protocol.ToHost}
 * one way, {@link dev.dormouse.server.protocol.ToGateway} inside a {@link
 * dev.dormouse.server.protocol.Release} the other way, and the {@link
 * dev.dormouse.server.protocol.Transport} that carries both. Gateway and host meet nowhere else: in
 * one process by direct call, between nodes with the same records. Begin with {@code ToHost}.
 *
 * <p><b>Threads.</b> The package makes none. Records are immutable and may be used by any thread.
 *
 * <p><b>Messages in.</b> A gateway numbers the messages of each connection from 1 and keeps each
 * until the host says it was {@link dev.dormouse.server.protocol.ToGateway.Handled}. It has at most
 * {@link dev.dormouse.server.protocol.Transport#CREDIT} of them outstanding; then it stops reading
 * the socket. A host without room answers {@link dev.dormouse.server.protocol.ToGateway.Withheld}
 * and later {@link dev.dormouse.server.protocol.ToGateway.Resumed}, whereupon the gateway sends
 * again from that number on.
 *
 * <p><b>Messages out.</b> What becomes of a message is not told, unless it was sent with a number
 * to report under; then {@link dev.dormouse.server.protocol.ToHost.Delivered} says it once.
 */
@NullMarked
package dev.dormouse.server.protocol;

import org.jspecify.annotations.NullMarked;
