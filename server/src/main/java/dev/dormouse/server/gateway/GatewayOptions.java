package dev.dormouse.server.gateway;

import java.time.Duration;
import java.util.Set;

/**
 * The limits of a gateway.
 *
 * @param head the longest a client may take over a request's head, from the start of the TCP
 *     connection if it is the first; then 408, and the TCP connection is closed
 * @param frame the longest a client may take over one frame, of which some came; then 1008
 * @param message the longest a client may take over one message; then 1008
 * @param handshake the longest an upgrade waits for the actor; then 503
 * @param request the longest a plain request waits for the actor; then 504
 * @param close how long the server waits for the client's answer to its close frame; then the TCP
 *     connection is closed without
 * @param drain how long what the client still sends after both close frames is read and discarded,
 *     so that it sees an orderly end; then the TCP connection is closed
 * @param outboundBytesMax the most bytes that may wait for one client; if as many wait when there
 *     is more to send, the client is too slow and is closed with 1013
 * @param pingInterval a client of which nothing was heard for so long is pinged; after twice as
 *     long it is taken for dead, and the TCP connection closed; zero: neither
 * @param limits how many clients may connect
 * @param allowedOrigins origins that may connect besides the server's own, such as {@code
 *     https://example.org}; {@code *} for all
 */
public record GatewayOptions(
    Duration head,
    Duration frame,
    Duration message,
    Duration handshake,
    Duration request,
    Duration close,
    Duration drain,
    int outboundBytesMax,
    Duration pingInterval,
    ConnectionLimits limits,
    Set<String> allowedOrigins) {

  /** Copies the set. */
  public GatewayOptions {
    allowedOrigins = Set.copyOf(allowedOrigins);
  }

  /**
   * 10 s head, 30 s frame, 60 s message, 10 s handshake, 30 s request, 5 s close, 1 s drain, 1 MiB
   * outbound, a ping after 30 s, as many clients as come, the server's own origin.
   */
  public static GatewayOptions defaults() {
    return new GatewayOptions(
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(5),
        Duration.ofSeconds(1),
        1 << 20,
        Duration.ofSeconds(30),
        ConnectionLimits.none(),
        Set.of());
  }

  /** The same, with other origins. */
  public GatewayOptions withAllowedOrigins(Set<String> allowedOrigins) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with other times for what clients begin: a request's head, a frame, a message. */
  public GatewayOptions withInput(Duration head, Duration frame, Duration message) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with another time for the handshake. */
  public GatewayOptions withHandshake(Duration handshake) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with another time for plain requests. */
  public GatewayOptions withRequest(Duration request) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with another time for the client's answer to a close frame. */
  public GatewayOptions withClose(Duration close) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with another limit of waiting bytes. */
  public GatewayOptions withOutboundBytesMax(int outboundBytesMax) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with another ping interval. */
  public GatewayOptions withPingInterval(Duration pingInterval) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }

  /** The same, with other limits of clients. */
  public GatewayOptions withLimits(ConnectionLimits limits) {
    return new GatewayOptions(
        head,
        frame,
        message,
        handshake,
        request,
        close,
        drain,
        outboundBytesMax,
        pingInterval,
        limits,
        allowedOrigins);
  }
}
