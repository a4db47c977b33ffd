package dev.dormouse.server.gateway.edge;

/**
 * The counts of what happened before the gateway, since it was made.
 *
 * @param tlsFailed connections that did not finish a TLS handshake, or did not begin one
 * @param proxyHeadersRefused connections whose PROXY header was missing or malformed, or from
 *     nobody who is listed
 * @param certificatesReplaced how often new certificate files were taken into use
 * @param certificatesRefused how often new certificate files could not be used
 */
public record EdgeCounts(
    long tlsFailed,
    long proxyHeadersRefused,
    long certificatesReplaced,
    long certificatesRefused) {}
