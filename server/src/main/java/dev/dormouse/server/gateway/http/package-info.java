/**
 * HTTP before and beside WebSockets: the guard of every TCP connection, requests as the gateway
 * reads them, access rules, routes to actors, plain requests to actors, and the gateway's own
 * answers. Begin with {@code HttpGuard} and {@code IncomingRequest}.
 *
 * <p>Threads: a request belongs to the event loop of its connection.
 */
@NullMarked
package dev.dormouse.server.gateway.http;

import org.jspecify.annotations.NullMarked;
