package dev.dormouse.server.gateway.edge;

/**
 * The address to which a client sent its request: that of this server, or that of the first of the
 * listed proxies before it.
 *
 * @param isHttp11 whether the version is exactly HTTP/1.1
 * @param isHttps whether the request was encrypted, as far as the server knows
 * @param authority the host, with or without a port
 * @param isLocal whether the client is on this machine, as far as the server knows
 */
public record Target(boolean isHttp11, boolean isHttps, String authority, boolean isLocal) {}
