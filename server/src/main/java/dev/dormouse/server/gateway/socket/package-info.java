/**
 * Open sockets: frames in and out, backlogs, closes, and liveness. Begin with {@code ClientSocket};
 * {@code SocketState} is its life.
 *
 * <p>Threads: a socket belongs to the event loop that accepted it.
 */
@NullMarked
package dev.dormouse.server.gateway.socket;

import org.jspecify.annotations.NullMarked;
