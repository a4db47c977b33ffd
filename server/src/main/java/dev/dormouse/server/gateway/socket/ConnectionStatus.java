package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ConnectionId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells what can be seen of an open connection from outside, at one moment.
 *
 * @param connection the connection
 * @param lastSeen when anything came from the client, be it a pong or part of a frame, as {@link
 *     dev.dormouse.sdk.Connection#lastSeen} says; null if it is closing, or clients are not pinged
 * @param waitingBytes how many bytes the client has not read yet, with 96 more for each frame
 */
public record ConnectionStatus(
    ConnectionId connection, @Nullable Instant lastSeen, long waitingBytes) {}
