/**
 * HTTP before and beside WebSockets: the guard that every TCP connection passes, the request as the
 * gateway reads it, access rules, routes to actors, plain requests to actors, and the answers that
 * the gateway gives itself. Begin with {@code HttpGuard} and {@code IncomingRequest}.
 *
 * <p>Threads: a request belongs to the event loop of its connection.
 */
@NullMarked
package dev.dormouse.server.gateway.http;

import org.jspecify.annotations.NullMarked;
