package dev.dormouse.server.gateway;

import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.ServerTls;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import io.netty.util.internal.PlatformDependent;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a gateway. Immutable; each method that takes a limit returns a changed copy, the
 * method of the same name without parameter tells it.
 */
public final class GatewayOptions {
  private final Values values;

  /** The limits; changed only before they are an option's. */
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
    Duration pingInterval = Duration.ofSeconds(30);
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
   * 10 s head, 30 s frame, 60 s message, 75 s keep-alive, 10 s handshake, 30 s request, 5 s close,
   * 1 s drain, 1 MiB outbound, a quarter of the heap and a quarter of the direct memory for all
   * clients, a ping after 30 s, as many clients as come, the server's own origin.
   */
  public static GatewayOptions defaults() {
    return new GatewayOptions(new Values());
  }

  /**
   * How long a client may take over a head, and how long what else it began may stand still: may
   * bring less than 256 bytes a second, on average over that time. A head has no more time however
   * it comes on: it is short, comes before the client is known to be allowed anything, and a head
   * that dribbles is the oldest way to hold a server's connections.
   *
   * @param head a request's head, from the start of the TCP connection if it is the first; then
   *     408, and the TCP connection is closed
   * @param frame one frame, of which some came; then 1008
   * @param message one message; then 1008; and the body of a plain request; then 408
   */
  public GatewayOptions input(Duration head, Duration frame, Duration message) {
    return with(
        v -> {
          v.head = head;
          v.frame = frame;
          v.message = message;
        });
  }

  /**
   * The most bytes of the first line of a request, over it 414, and of all its headers together,
   * over it 431.
   *
   * @param requestLineBytesMax at least 8,000 by RFC 9112, section 3
   */
  public GatewayOptions headBytesMax(int requestLineBytesMax, int headersBytesMax) {
    return with(
        v -> {
          v.requestLineBytesMax = requestLineBytesMax;
          v.headersBytesMax = headersBytesMax;
        });
  }

  /** The most bytes of the first line of a request. */
  public int requestLineBytesMax() {
    return values.requestLineBytesMax;
  }

  /** The most bytes of all headers of a request together. */
  public int headersBytesMax() {
    return values.headersBytesMax;
  }

  /** The longest a client may take over a request's head. */
  public Duration head() {
    return values.head;
  }

  /** The longest that one frame may stand still. */
  public Duration frame() {
    return values.frame;
  }

  /** The longest that one message, or the body of a plain request, may stand still. */
  public Duration message() {
    return values.message;
  }

  /**
   * How long an HTTP connection is kept without a request, unless the client still reads what it
   * asked for; then it is closed.
   */
  public GatewayOptions keepAlive(Duration keepAlive) {
    return with(v -> v.keepAlive = keepAlive);
  }

  /** How long an HTTP connection is kept without a request. */
  public Duration keepAlive() {
    return values.keepAlive;
  }

  /** How long an upgrade waits for the actor; then 503. */
  public GatewayOptions handshake(Duration handshake) {
    return with(v -> v.handshake = handshake);
  }

  /** The longest an upgrade waits for the actor. */
  public Duration handshake() {
    return values.handshake;
  }

  /** How long a plain request waits for the actor; then 504. */
  public GatewayOptions request(Duration request) {
    return with(v -> v.request = request);
  }

  /** The longest a plain request waits for the actor. */
  public Duration request() {
    return values.request;
  }

  /**
   * How long the server waits for the client's answer to its close frame; then the TCP connection
   * is closed without.
   */
  public GatewayOptions close(Duration close) {
    return with(v -> v.close = close);
  }

  /** The longest the server waits for the client's answer to its close frame. */
  public Duration close() {
    return values.close;
  }

  /**
   * How long what the client still sends after both close frames is read and discarded, so that it
   * sees an orderly end; then the TCP connection is closed. And the longest that its close frame
   * waits for answers to what it sent before.
   */
  public Duration drain() {
    return values.drain;
  }

  /**
   * How many bytes may wait for one client that does not take them, unless its actor type chose
   * otherwise; {@link dev.dormouse.sdk.ActorOptions#outboundBytesMax(int)} says what counts, and
   * what comes over it.
   */
  public GatewayOptions outboundBytesMax(int outboundBytesMax) {
    return with(v -> v.outboundBytesMax = outboundBytesMax);
  }

  /** The most bytes that may wait for one client that does not take them. */
  public int outboundBytesMax() {
    return values.outboundBytesMax;
  }

  /**
   * When a client is too slow for which more than {@link #outboundBytesMax} waits.
   *
   * @param reading how long it may take less than 256 bytes a second, on average over that time
   * @param burstBytesMax how many bytes beyond that limit may wait while it takes more
   */
  public GatewayOptions slowness(Duration reading, long burstBytesMax) {
    return with(
        v -> {
          v.reading = reading;
          v.burstBytesMax = burstBytesMax;
        });
  }

  /** How long a client for which too much waits may take next to nothing. */
  public Duration reading() {
    return values.reading;
  }

  /** How many bytes beyond the limit may wait for a client that goes on taking them. */
  public long burstBytesMax() {
    return values.burstBytesMax;
  }

  /**
   * How much memory may be held for clients, all together.
   *
   * @param heapBytesMax the most bytes of heap: half for messages from clients that are not handled
   *     or not whole yet, a quarter for messages that clients have not read, a quarter for plain
   *     requests and their answers
   * @param directBytesMax the most bytes of direct memory, which the network has in hand: half for
   *     what came, half for what is to go
   */
  public GatewayOptions clientMemory(long heapBytesMax, long directBytesMax) {
    return with(
        v -> {
          v.clientHeapBytesMax = heapBytesMax;
          v.clientDirectBytesMax = directBytesMax;
        });
  }

  /** The most bytes of heap that are held for all clients together. */
  public long clientHeapBytesMax() {
    return values.clientHeapBytesMax;
  }

  /** The most bytes of direct memory that are held for all clients together. */
  public long clientDirectBytesMax() {
    return values.clientDirectBytesMax;
  }

  /**
   * A client of which nothing was heard for so long is pinged; after twice as long it is taken for
   * dead, and the TCP connection closed; zero: neither.
   */
  public GatewayOptions pingInterval(Duration pingInterval) {
    return with(v -> v.pingInterval = pingInterval);
  }

  /** After how long a silence a client is pinged; zero: never. */
  public Duration pingInterval() {
    return values.pingInterval;
  }

  /** How many clients may connect. */
  public GatewayOptions limits(ConnectionLimits limits) {
    return with(v -> v.limits = limits);
  }

  /** How many clients may connect. */
  public ConnectionLimits limits() {
    return values.limits;
  }

  /**
   * How many TCP connections there may be besides as many as there may be sockets: those on which
   * there is HTTP, or nothing yet. One more is answered 503, unasked, and closed.
   */
  public GatewayOptions httpConnectionsMax(int httpConnectionsMax) {
    return with(v -> v.httpConnectionsMax = httpConnectionsMax);
  }

  /** How many TCP connections there may be besides as many as there may be sockets. */
  public int httpConnectionsMax() {
    return values.httpConnectionsMax;
  }

  /**
   * Origins that may connect besides the server's own, such as {@code https://example.org}, {@code
   * capacitor://localhost}, {@code file://} and {@code null}; {@code *}, alone, for all.
   *
   * @throws IllegalArgumentException if one is none; the message names it
   */
  public GatewayOptions allowedOrigins(Set<String> allowedOrigins) {
    new OriginPolicy(allowedOrigins);
    return with(v -> v.allowedOrigins = Set.copyOf(allowedOrigins));
  }

  /** Origins that may connect besides the server's own. */
  public Set<String> allowedOrigins() {
    return values.allowedOrigins;
  }

  /**
   * Names of the server's own, such as {@code example.org} and {@code *.example.org}: requests by
   * others are answered 421, but by addresses and {@code localhost}. {@code *}, alone, for every
   * name. If there are none, only those are refused that browsers on this machine send for pages of
   * the name that they ask for, unencrypted, unless that is among the allowed origins.
   *
   * @throws IllegalArgumentException if one is none; the message names it
   */
  public GatewayOptions hosts(Set<String> hosts) {
    new OriginPolicy(Set.of(), hosts);
    return with(v -> v.hosts = Set.copyOf(hosts));
  }

  /** Names of the server's own; empty if they are not listed. */
  public Set<String> hosts() {
    return values.hosts;
  }

  /** The proxies that are believed about clients. */
  public GatewayOptions trustedProxies(TrustedProxies trustedProxies) {
    return with(v -> v.trustedProxies = trustedProxies);
  }

  /** The proxies that are believed about clients. */
  public TrustedProxies trustedProxies() {
    return values.trustedProxies;
  }

  /** Whether connections begin with a header of the PROXY protocol. */
  public GatewayOptions proxyProtocol(ProxyProtocol proxyProtocol) {
    return with(v -> v.proxyProtocol = proxyProtocol);
  }

  /** Whether connections begin with a header of the PROXY protocol. */
  public ProxyProtocol proxyProtocol() {
    return values.proxyProtocol;
  }

  /** Encrypts connections; the head's limit is that of the TLS handshake and the head together. */
  public GatewayOptions tls(ServerTls tls) {
    return with(v -> v.tls = tls);
  }

  /** How connections are encrypted; null if they are not. */
  public @Nullable ServerTls tls() {
    return values.tls;
  }
}
