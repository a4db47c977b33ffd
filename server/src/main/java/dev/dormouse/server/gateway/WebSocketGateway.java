package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.edge.Edge;
import dev.dormouse.server.gateway.http.AccessCheck;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.http.HttpGuard;
import dev.dormouse.server.gateway.http.IncomingRequest;
import dev.dormouse.server.gateway.http.PlainRequests;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.gateway.socket.ConnectionGroups;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.server.gateway.socket.LoopQueues;
import dev.dormouse.server.gateway.socket.SocketParts;
import dev.dormouse.server.gateway.socket.SocketVisits;
import dev.dormouse.server.gateway.upgrade.HttpFront;
import dev.dormouse.server.gateway.upgrade.PendingUpgrades;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.Transport;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Holds the sockets of actors: it takes upgrades from a vertx-web router, tells the host what
 * clients say, and does to the sockets what the host releases.
 *
 * <pre>{@code
 * gateway.mount(router, new ActorRoute("chat", "/chat/:key", false, ActorOptions.defaults()));
 * transport.connect(host::accept, gateway::accept);
 * vertx.createHttpServer(gateway.httpOptions())
 *     .connectionHandler(gateway::meet)
 *     .requestHandler(gateway.inFrontOf(router))
 *     .listen();
 * }</pre>
 *
 * <p>The HTTP server must run on event loops. Limits and their outcomes are in {@link
 * GatewayOptions} and {@link ActorRoute}.
 */
public final class WebSocketGateway {
  /** The part of a shutdown's time over which the close frames are spread. */
  private static final int SPREAD_PART = 2;

  private final Vertx vertx;
  private final Tally tally;
  private final ConnectionGroups groups;
  private final LoopQueues loops = new LoopQueues();
  private final Edge edge;
  private final HttpFront front;
  private final PendingUpgrades upgrades;
  private final Releases releases;
  private final SocketVisits visits;

  /**
   * Creates a gateway without routes, which nobody can observe.
   *
   * @param incarnation the number of this run of the node; it is in the id of every connection
   */
  public WebSocketGateway(
      GatewayOptions options, Vertx vertx, Transport transport, Time time, long incarnation) {
    this(options, vertx, transport, time, incarnation, new Observers(time));
  }

  /** Creates a gateway without routes whose events are reported to observers. */
  public WebSocketGateway(
      GatewayOptions options,
      Vertx vertx,
      Transport transport,
      Time time,
      long incarnation,
      Observers observers) {
    this.vertx = vertx;
    this.tally = new Tally(options, time, observers);
    SocketParts parts = new SocketParts(tally, transport);
    this.groups = parts.groups();
    this.edge =
        new Edge(options.trustedProxies(), options.proxyProtocol(), options.tls(), options.head());
    AccessCheck access = new AccessCheck(vertx, time, options.handshake());
    this.upgrades = new PendingUpgrades(parts, vertx, access, incarnation);
    PlainRequests requests = new PlainRequests(tally, transport, vertx, access);
    this.front = new HttpFront(tally, edge, upgrades, requests);
    this.releases = new Releases(parts, loops, upgrades, requests);
    this.visits = new SocketVisits(vertx, groups, loops, parts.heartbeats());
  }

  /**
   * Makes actors reachable. Handlers that were put on the router before see the requests first and
   * may answer them, or add headers and cookies, which are then on the 101 too. One that works
   * asynchronously must pause the request.
   *
   * @return the route, which may be narrowed, to a virtual host for example
   */
  public Route mount(Router router, ActorRoute route) {
    return router.route(route.path()).handler(request -> front.route(request, route));
  }

  /**
   * Meets a new connection: speaks TLS and the PROXY protocol as the options say, has frames that a
   * client sends before it has read the 101 reach the actor, and bounds how many connections there
   * are, how long a client may take over all that comes before its first request's end of head, and
   * how long it may pause between requests. To be the connection handler of HTTP servers that speak
   * no TLS of their own, with {@link #httpOptions}.
   */
  public void meet(HttpConnection connection) {
    HttpGuard.meet(connection, tally, edge);
  }

  /**
   * Returns the options that HTTP servers of this gateway are to be made with: HTTP/1.1, the limits
   * of heads, {@link #oneReading}, and no WebSockets of Vert.x's own compression. Fresh options,
   * which may be changed further.
   */
  public HttpServerOptions httpOptions() {
    return oneReading(
            new HttpServerOptions()
                .setMaxInitialLineLength(tally.options().requestLineBytesMax())
                .setMaxHeaderSize(tally.options().headersBytesMax()))
        .setTcpNoDelay(true);
  }

  /**
   * Sets options of a server so that all who read a URL read the same: HTTP/1.1 only, because a
   * client that is taken up on h2c has no {@code Host} to judge it by; and parameters of a query
   * that end at {@code &} and not at {@code ;} (WHATWG URL, section 5.1).
   */
  public static HttpServerOptions oneReading(HttpServerOptions options) {
    return options
        .setHttp2ClearTextEnabled(false)
        .setUseSemicolonAsQueryParamDelimiter(false)
        .setPerMessageWebSocketCompressionSupported(false)
        .setPerFrameWebSocketCompressionSupported(false);
  }

  /**
   * Returns the HTTP server's request handler. The router sees requests as their clients sent them,
   * to listed proxies or here. Handlers that act before the headers of an answer, or at its end, do
   * so for a 101 too; before its headers they see the status that was set, or 200. What no router
   * can route is answered 400: a malformed path, a missing {@code Host}, which a router would log
   * as an error of its own each time; and what a listed proxy forwards with headers that contradict
   * each other. What is for a host of somebody else's is answered 421, see {@link
   * GatewayOptions#hosts}; an expectation other than {@code 100-continue} is answered 417.
   */
  public Handler<HttpServerRequest> inFrontOf(Router router) {
    return request -> front.receive(request, router);
  }

  /**
   * Checks that a router can route the request; for servers that are none of this gateway's.
   *
   * @throws IllegalArgumentException if path, query or {@code Host} are malformed; the message says
   *     which
   */
  public static void checkRoutable(HttpServerRequest request) {
    IncomingRequest.check(request);
  }

  /**
   * Does what a host releases, and returns at once. Any thread may call it. The releases of one
   * actor must come one after the other, and reach each socket in that order.
   */
  public void accept(Release release) {
    releases.accept(release);
  }

  /** Returns how many bytes of what hosts released the event loops have not taken up yet, about. */
  public long underWayBytes() {
    return loops.bytes();
  }

  /**
   * Ends all connections. From now on upgrades are answered 503. Every client gets a close frame;
   * many clients get it spread over the first half of the time. Those that have not answered in
   * time are dropped. The host hears of each end once, so it should still be there.
   *
   * @param code what the close frames say, such as 1001 or, for a restart, 1012
   * @param within how long clients, and the host, have
   * @return completes when there are no more sockets
   */
  public Future<Void> shutdown(int code, Duration within) {
    CloseReason reason = new CloseReason(code, "", Cause.SHUTDOWN);
    CloseReason.checkSendable(code, reason.reason());
    Promise<Void> done = Promise.promise();
    groups.onEmpty(done::tryComplete);
    upgrades.stop(reason);
    Duration forAnswers = Collections.min(List.of(tally.options().drain(), within.dividedBy(4)));
    visits.closeAll(reason, within.dividedBy(SPREAD_PART), forAnswers);
    if (groups.size() == 0) {
      done.tryComplete();
    }
    long timer = vertx.setTimer(Math.max(1, within.toMillis()), elapsed -> visits.abandonAll());
    return done.future().onComplete(gone -> vertx.cancelTimer(timer));
  }

  /**
   * Returns a page of an actor's connections whose sockets are here, in the order of their ids.
   * Wakes nobody. Any thread.
   *
   * @param after the last of the page before; null for the first page
   * @param limit how many at most
   */
  public Future<List<ConnectionStatus>> connections(
      ActorId actor, @Nullable ConnectionId after, int limit) {
    return visits.statuses(actor, after, limit);
  }

  /**
   * Visits connections whose sockets are open, in no order, each on the thread that observers are
   * told of its events, between two of them. Wakes nobody. Any thread.
   *
   * @param which of which actors
   * @param limit how many at most
   * @param visitor returns at once
   * @return completes, on the caller's event loop if there is one, with how many were over the
   *     limit
   */
  public Future<Long> visitOpen(
      Predicate<ActorId> which, int limit, BiConsumer<ConnectionId, ActorId> visitor) {
    return visits.open(which, limit, visitor);
  }

  /** Returns how many of the chosen actors have sockets here. Any thread. */
  public long countActors(Predicate<ActorId> chosen) {
    return groups.count(chosen);
  }

  /**
   * Returns how many bytes wait for clients to read them, about. Looks at each socket. Any thread.
   */
  public long outboundBytes() {
    return groups.all().stream().mapToLong(ClientSocket::waitingBytes).sum();
  }

  /** Returns the account of the memory that is held for clients. Any thread. */
  public ClientMemory memory() {
    return tally.memory();
  }

  /** Returns how many HTTP requests are not answered yet. Any thread. */
  public long activeRequests() {
    return tally.counters().activeRequests.sum();
  }

  /** Returns what the gateway has done so far. Any thread. */
  public GatewayCounts counts() {
    return tally
        .counters()
        .read(groups.size(), tally.admission().http(), upgrades.size(), edge.counts());
  }
}
