/**
 * The bytes of the WebSocket protocol: frames, close codes, UTF-8 and permessage-deflate (RFC 6455,
 * RFC 7692). Begin with {@code FrameDecoder} and {@code OutboundFrames}. Nothing in this package
 * knows a socket, an actor or a limit of the gateway.
 *
 * <p>Threads: each decoder and each set of deflate buffers belongs to one event loop.
 */
@NullMarked
package dev.dormouse.server.gateway.wire;

import org.jspecify.annotations.NullMarked;
