package dev.dormouse.server.gateway.edge;

/**
 * The counts of connections and certificates that failed before the gateway, since its creation.
 *
 * @param tlsFailed connections that did not finish a TLS handshake, or did not begin one
 * @param proxyHeadersRefused connections whose PROXY header was missing or malformed, or from a
 *     peer that is not listed
 * @param certificatesReplaced how often new certificate files were taken into use
 * @param certificatesRefused how often new certificate files could not be used
 */
public record EdgeCounts(
    long tlsFailed,
    long proxyHeadersRefused,
    long certificatesReplaced,
    long certificatesRefused) {}
