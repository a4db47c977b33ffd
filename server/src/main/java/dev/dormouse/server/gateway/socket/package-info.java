/**
 * Open sockets: messages from clients ({@code InboundMessages}) and to clients ({@code
 * SocketWriter}), the tables of sockets ({@code ConnectionGroups}), work for event loops ({@code
 * LoopQueues}), pings ({@code Heartbeats}) and the end of sockets ({@code Closing}). Begin with
 * {@code ClientSocket} and {@code SocketState}, the steps of its life.
 *
 * <p>Threads: a socket belongs to the event loop that accepted it.
 */
@NullMarked
package dev.dormouse.server.gateway.socket;

import org.jspecify.annotations.NullMarked;
