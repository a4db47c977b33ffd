package dev.dormouse.server.gateway.limits;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.server.gateway.edge.OriginPolicy;
import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.ServerTls;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import io.netty.util.internal.PlatformDependent;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The limits and settings of a gateway. Options are immutable: a method that takes a limit returns
 * a changed copy, and the method of the same name without parameters returns the limit. A number in
 * brackets is the status or close code with which a client over the limit is turned away. A time
 * may be 1 ms to 24 h, a number at least 1, unless its method says otherwise; a method throws
 * {@link IllegalArgumentException} for anything else.
 */
public final class GatewayOptions {
  /** The most bytes of the first line of a request, and of all its headers: 1 MiB each. */
  public static final int HEAD_PART_BYTES_CEILING = 1 << 20;

  /** The fewest bytes that the limit of a request's first line may have (RFC 9112, section 3). */
  public static final int REQUEST_LINE_BYTES_FLOOR = 8_000;

  /** The fewest bytes that the limit of a request's headers may have. */
  public static final int HEADERS_BYTES_FLOOR = 1 << 10;

  private static final Duration DAY = Duration.ofDays(1);

  private final Values values;

  /** The values of options. They change only while a copy is made. */
  private static final class Values implements Cloneable {
    Duration head = Duration.ofSeconds(10);
    Duration frame = Duration.ofSeconds(30);
    Duration message = Duration.ofSeconds(60);
    Duration keepAlive = Duration.ofSeconds(75);
    Duration handshake = Duration.ofSeconds(10);
    Duration request = Duration.ofSeconds(30);
    Duration close = Duration.ofSeconds(5);
    Duration drain = Duration.ofSeconds(1);
    int outboundBytesMax = 1 << 20;
    long burstBytesMax = 64L << 20;
    Duration reading = Duration.ofSeconds(30);
    long clientHeapBytesMax = Runtime.getRuntime().maxMemory() / 4;
    long clientDirectBytesMax = PlatformDependent.maxDirectMemory() / 4;
    Optional<Duration> pingInterval = Optional.of(Duration.ofSeconds(30));
    ConnectionLimits limits = ConnectionLimits.none();
    int httpConnectionsMax = 256;
    Set<String> allowedOrigins = Set.of();
    Set<String> hosts = Set.of();
    TrustedProxies trustedProxies = TrustedProxies.none();
    ProxyProtocol proxyProtocol = ProxyProtocol.OFF;
    @Nullable ServerTls tls;
    int requestLineBytesMax = 8 << 10;
    int headersBytesMax = 8 << 10;

    Values copy() {
      try {
        return (Values) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private GatewayOptions(Values values) {
    this.values = values;
  }

  private GatewayOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new GatewayOptions(changed);
  }

  /**
   * Returns the default limits: 10 s head, 30 s frame, 60 s message, 75 s keep-alive, 10 s
   * handshake, 30 s request, 5 s close, 1 s drain, 1 MiB outbound, a quarter of the heap and a
   * quarter of the direct memory for all clients, a ping after 30 s, as many clients as come, the
   * server's own origin.
   */
  public static GatewayOptions defaults() {
    return new GatewayOptions(new Values());
  }

  /**
   * Limits how long a client may take for a request's head, from the start of the TCP connection
   * for the first head [408, and closed]. A head must be whole in time even if it makes progress,
   * because a slow head is the oldest way to occupy a server's connections.
   */
  public GatewayOptions head(Duration head) {
    time("head", head);
    return with(v -> v.head = head);
  }

  /** Returns how long a client may take for a request's head. */
  public Duration head() {
    return values.head;
  }

  /**
   * Limits how long a half frame may stand still [1008]. It stands still while fewer than 256 bytes
   * a second come, on average over this time.
   */
  public GatewayOptions frame(Duration frame) {
    time("frame", frame);
    return with(v -> v.frame = frame);
  }

  /** Returns how long one frame may stand still. */
  public Duration frame() {
    return values.frame;
  }

  /**
   * Limits how long a half message [1008], or the half body of a plain request [408], may stand
   * still. It stands still while fewer than 256 bytes a second come, on average over this time.
   */
  public GatewayOptions message(Duration message) {
    time("message", message);
    return with(v -> v.message = message);
  }

  /** Returns how long one message, or the body of a plain request, may stand still. */
  public Duration message() {
    return values.message;
  }

  /**
   * Limits the bytes of the first line of a request [414].
   *
   * @param bytes 8,000, as RFC 9112, section 3, asks for, to 1 MiB
   */
  public GatewayOptions requestLineBytesMax(int bytes) {
    Ranges.check("requestLineBytesMax", bytes, REQUEST_LINE_BYTES_FLOOR, HEAD_PART_BYTES_CEILING);
    return with(v -> v.requestLineBytesMax = bytes);
  }

  /** Returns how many bytes the first line of a request may have. */
  public int requestLineBytesMax() {
    return values.requestLineBytesMax;
  }

  /**
   * Limits the bytes of all headers of a request together [431].
   *
   * @param bytes 1 KiB to 1 MiB
   */
  public GatewayOptions headersBytesMax(int bytes) {
    Ranges.check("headersBytesMax", bytes, HEADERS_BYTES_FLOOR, HEAD_PART_BYTES_CEILING);
    return with(v -> v.headersBytesMax = bytes);
  }

  /** Returns how many bytes all headers of a request may have together. */
  public int headersBytesMax() {
    return values.headersBytesMax;
  }

  /**
   * Limits how long an HTTP connection is kept open without a request. The connection stays open
   * longer while its client still reads an answer.
   */
  public GatewayOptions keepAlive(Duration keepAlive) {
    time("keepAlive", keepAlive);
    return with(v -> v.keepAlive = keepAlive);
  }

  /** Returns how long an HTTP connection is kept open without a request. */
  public Duration keepAlive() {
    return values.keepAlive;
  }

  /** Limits how long an upgrade waits for the actor [503]. */
  public GatewayOptions handshake(Duration handshake) {
    time("handshake", handshake);
    return with(v -> v.handshake = handshake);
  }

  /** Returns how long an upgrade waits for the actor. */
  public Duration handshake() {
    return values.handshake;
  }

  /** Limits how long a plain request waits for the actor [504]. */
  public GatewayOptions request(Duration request) {
    time("request", request);
    return with(v -> v.request = request);
  }

  /** Returns how long a plain request waits for the actor. */
  public Duration request() {
    return values.request;
  }

  /**
   * Limits how long the server waits for the client's answer to its close frame. Then the TCP
   * connection is closed without it.
   */
  public GatewayOptions close(Duration close) {
    time("close", close);
    return with(v -> v.close = close);
  }

  /** Returns how long the server waits for the client's answer to its close frame. */
  public Duration close() {
    return values.close;
  }

  /**
   * Returns how long the server discards input of the client after both close frames, so that the
   * client sees an orderly end. The answer to a client's close frame also waits at most this long
   * for the answers to earlier messages of the client.
   */
  public Duration drain() {
    return values.drain;
  }

  /**
   * Limits how many bytes may wait for one client that does not read them, unless its actor type
   * has a limit of its own. {@link dev.dormouse.sdk.ActorOptions#outboundBytesMax(int)} describes
   * which bytes count, and what happens over the limit.
   *
   * @param bytes 1 to 256 MiB
   */
  public GatewayOptions outboundBytesMax(int bytes) {
    Ranges.check("outboundBytesMax", bytes, 1, ActorOptions.OUTBOUND_BYTES_CEILING);
    return with(v -> v.outboundBytesMax = bytes);
  }

  /** Returns how many bytes may wait for one client that does not read them. */
  public int outboundBytesMax() {
    return values.outboundBytesMax;
  }

  /**
   * Limits how long a client for which more than {@link #outboundBytesMax()} bytes wait may read
   * almost nothing: fewer than 256 bytes a second, on average over this time. Then the client is
   * too slow.
   */
  public GatewayOptions reading(Duration reading) {
    time("reading", reading);
    return with(v -> v.reading = reading);
  }

  /** Returns how long a client for which too many bytes wait may read almost nothing. */
  public Duration reading() {
    return values.reading;
  }

  /**
   * Limits how many bytes beyond {@link #outboundBytesMax()} may wait for a client that goes on
   * reading. A client for which more bytes wait is too slow.
   *
   * @param bytes at least 0
   */
  public GatewayOptions burstBytesMax(long bytes) {
    Ranges.check("burstBytesMax", bytes, 0, Long.MAX_VALUE);
    return with(v -> v.burstBytesMax = bytes);
  }

  /** Returns how many bytes beyond the limit may wait for a client that goes on reading. */
  public long burstBytesMax() {
    return values.burstBytesMax;
  }

  /**
   * Limits how many bytes of heap may be held for all clients together: half for messages from
   * clients that are not handled or not whole yet, a quarter for messages that clients have not
   * read, a quarter for plain requests and their answers; and as many again for HTTP connections
   * that are no sockets. By default this is a quarter of the heap.
   */
  public GatewayOptions clientHeapBytesMax(long bytes) {
    Ranges.check("clientHeapBytesMax", bytes, 1, Long.MAX_VALUE);
    return with(v -> v.clientHeapBytesMax = bytes);
  }

  /** Returns how many bytes of heap may be held for all clients together. */
  public long clientHeapBytesMax() {
    return values.clientHeapBytesMax;
  }

  /**
   * Limits how many bytes of direct memory, which the network uses, may be held for all clients
   * together: half for received data, half for data to be sent. By default this is a quarter of the
   * direct memory.
   */
  public GatewayOptions clientDirectBytesMax(long bytes) {
    Ranges.check("clientDirectBytesMax", bytes, 1, Long.MAX_VALUE);
    return with(v -> v.clientDirectBytesMax = bytes);
  }

  /** Returns how many bytes of direct memory may be held for all clients together. */
  public long clientDirectBytesMax() {
    return values.clientDirectBytesMax;
  }

  /**
   * Sets the time of silence after which a client is pinged. After twice that time the client is
   * given up, and its TCP connection is closed. The default is 30 s.
   */
  public GatewayOptions pingInterval(Duration interval) {
    time("pingInterval", interval);
    return with(v -> v.pingInterval = Optional.of(interval));
  }

  /** Pings no client and gives up no silent one. */
  public GatewayOptions withoutPings() {
    return with(v -> v.pingInterval = Optional.empty());
  }

  /**
   * Returns the time of silence after which a client is pinged; empty if clients are not pinged.
   */
  public Optional<Duration> pingInterval() {
    return values.pingInterval;
  }

  /** Limits how many clients may connect. */
  public GatewayOptions limits(ConnectionLimits limits) {
    return with(v -> v.limits = limits);
  }

  /** Returns how many clients may connect. */
  public ConnectionLimits limits() {
    return values.limits;
  }

  /**
   * Limits how many TCP connections may be open besides one for each allowed socket. They carry
   * HTTP, or nothing yet. One more connection is answered 503 before its request, and closed.
   */
  public GatewayOptions httpConnectionsMax(int number) {
    Ranges.check("httpConnectionsMax", number, 1, Integer.MAX_VALUE);
    return with(v -> v.httpConnectionsMax = number);
  }

  /** Returns how many TCP connections may be open besides one for each allowed socket. */
  public int httpConnectionsMax() {
    return values.httpConnectionsMax;
  }

  /**
   * Sets the origins that may connect besides the server's own, such as {@code
   * https://example.org}, {@code capacitor://localhost}, {@code file://} and {@code null}; {@code
   * *} alone stands for all origins.
   *
   * @throws IllegalArgumentException if an entry is no origin; the message names the entry
   */
  public GatewayOptions allowedOrigins(Set<String> allowedOrigins) {
    new OriginPolicy(allowedOrigins);
    return with(v -> v.allowedOrigins = Set.copyOf(allowedOrigins));
  }

  /** Returns the origins that may connect besides the server's own. */
  public Set<String> allowedOrigins() {
    return values.allowedOrigins;
  }

  /**
   * Sets the names of the server's own hosts, such as {@code example.org} and {@code
   * *.example.org}, or {@code *} alone for every name. A request for another name is answered 421,
   * unless it asks for an address or {@code localhost}. If no names are set, the server refuses
   * only unencrypted requests that a browser on this machine sends for a page of the very name that
   * it asks for, unless that page's origin is allowed.
   *
   * @throws IllegalArgumentException if an entry is no host; the message names the entry
   */
  public GatewayOptions hosts(Set<String> hosts) {
    new OriginPolicy(Set.of(), hosts);
    return with(v -> v.hosts = Set.copyOf(hosts));
  }

  /** Returns the names of the server's own hosts; empty if they are not listed. */
  public Set<String> hosts() {
    return values.hosts;
  }

  /** Sets the proxies that are believed about clients. */
  public GatewayOptions trustedProxies(TrustedProxies trustedProxies) {
    return with(v -> v.trustedProxies = trustedProxies);
  }

  /** Returns the proxies that are believed about clients. */
  public TrustedProxies trustedProxies() {
    return values.trustedProxies;
  }

  /** Sets whether connections begin with a header of the PROXY protocol. */
  public GatewayOptions proxyProtocol(ProxyProtocol proxyProtocol) {
    return with(v -> v.proxyProtocol = proxyProtocol);
  }

  /** Returns whether connections begin with a header of the PROXY protocol. */
  public ProxyProtocol proxyProtocol() {
    return values.proxyProtocol;
  }

  /**
   * Sets the certificate with which connections are encrypted. The time for a head then covers the
   * TLS handshake and the head together.
   */
  public GatewayOptions tls(ServerTls tls) {
    return with(v -> v.tls = tls);
  }

  /** Returns the TLS that encrypts connections; null if they are not encrypted. */
  public @Nullable ServerTls tls() {
    return values.tls;
  }

  private static void time(String name, Duration time) {
    Ranges.check(name, time, Duration.ofMillis(1), DAY);
  }
}
