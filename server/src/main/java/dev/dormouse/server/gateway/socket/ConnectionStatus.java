package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ConnectionId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The status of an open connection at one moment.
 *
 * @param connection the connection
 * @param lastSeen the time of the client's last input, even of a pong or a part of a frame, as
 *     {@link dev.dormouse.sdk.Connection#lastSeen} describes; null if the connection is closing or
 *     clients are not pinged
 * @param waitingBytes the bytes that the client has not read yet, with 96 more for each frame
 */
public record ConnectionStatus(
    ConnectionId connection, @Nullable Instant lastSeen, long waitingBytes) {}
