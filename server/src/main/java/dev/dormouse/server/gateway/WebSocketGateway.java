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
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.gateway.socket.ConnectionGroups;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.server.gateway.socket.LoopQueues;
import dev.dormouse.server.gateway.socket.SocketParts;
import dev.dormouse.server.gateway.socket.SocketVisits;
import dev.dormouse.server.gateway.upgrade.HttpFront;
import dev.dormouse.server.gateway.upgrade.PendingUpgrades;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
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
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The gateway, which holds the clients' sockets. It takes upgrades from a vertx-web router, passes
 * messages of clients to the host, and applies the host's releases to the sockets.
 *
 * <pre>{@code
 * gateway.mount(router, new ActorRoute("chat", "/chat/:key", HandledKinds.ALL, options));
 * transport.connect(host, gateway);
 * vertx.createHttpServer(gateway.httpOptions())
 *     .connectionHandler(gateway::meet)
 *     .requestHandler(gateway.inFrontOf(router))
 *     .listen();
 * }</pre>
 *
 * <p>The HTTP server must run on event loops. {@link GatewayOptions} and {@link ActorRoute} hold
 * the limits, and describe what happens to clients over a limit.
 */
public final class WebSocketGateway implements Transport.GatewayEnd {
  /** The divisor of a shutdown's time that yields the time over which closes are spread. */
  private static final int SPREAD_PART = 2;

  /** The time, in milliseconds, between two looks for owners of groups that have none. */
  private static final long TICK_MS = 100;

  private final Vertx vertx;
  private final Tally tally;
  private final OwnerLinks links;
  private final ConnectionGroups groups;
  private final LoopQueues loops;
  private final Edge edge;
  private final HttpFront front;
  private final PendingUpgrades upgrades;
  private final Releases releases;
  private final SocketVisits visits;

  /** The timer that looks for owners; empty if the owners never change. */
  private final Optional<Long> ticks;

  /**
   * Creates a gateway without routes and without observers.
   *
   * @param run the number of this run of the node, which is part of every connection's id
   */
  public WebSocketGateway(
      GatewayOptions options, Vertx vertx, Transport transport, Time time, long run) {
    this(options, vertx, transport, time, run, new Observers(time));
  }

  /** Creates a gateway without routes whose events are reported to observers. */
  public WebSocketGateway(
      GatewayOptions options,
      Vertx vertx,
      Transport transport,
      Time time,
      long run,
      Observers observers) {
    this(options, vertx, Placement.fixed(new Owner("", run)), transport, time, run, observers);
  }

  /**
   * Creates a gateway without routes whose actors run where a placement says.
   *
   * @param placement tells which host owns the actors
   */
  public WebSocketGateway(
      GatewayOptions options,
      Vertx vertx,
      Placement placement,
      Transport transport,
      Time time,
      long run,
      Observers observers) {
    this.vertx = vertx;
    this.tally = new Tally(options, time, observers);
    this.links = new OwnerLinks(placement, transport, time);
    this.loops = new LoopQueues(placement.isFixed());
    SocketParts parts = new SocketParts(tally, links);
    this.groups = parts.groups();
    this.edge =
        new Edge(
            options.trustedProxies(),
            options.proxyProtocol(),
            options.tls(),
            options.head(),
            observers);
    AccessCheck access = new AccessCheck(time, options.handshake());
    this.upgrades = new PendingUpgrades(parts, access, run);
    PlainRequests requests = new PlainRequests(tally, links, access, run);
    this.front = new HttpFront(tally, edge, upgrades, requests);
    this.releases = new Releases(parts, loops, waiting(upgrades, requests));
    this.visits = new SocketVisits(vertx, groups, loops, parts.heartbeats());
    links.begin(releases);
    if (links.isFixed()) {
      this.ticks = Optional.empty();
    } else {
      links.tick();
      this.ticks = Optional.of(vertx.setPeriodic(TICK_MS, tick -> links.tick()));
    }
  }

  private static Releases.Waiting waiting(PendingUpgrades upgrades, PlainRequests requests) {
    return new Releases.Waiting() {
      @Override
      public void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps steps) {
        upgrades.accepted(actor, accepted, steps);
      }

      @Override
      public void rejected(ToGateway.Rejected rejected) {
        upgrades.rejected(rejected);
      }

      @Override
      public void responded(ToGateway.Responded responded) {
        requests.responded(responded);
      }

      @Override
      public long firstNew() {
        return upgrades.firstNew();
      }

      @Override
      public void attached(int group, Owner owner) {
        upgrades.attached(group, owner);
        requests.attached(group, owner);
      }
    };
  }

  /**
   * Adds the route of an actor type to a router. Handlers that were added to the router before see
   * the requests first. They may answer requests, or add headers and cookies, which are then on the
   * 101, too. An asynchronous handler must pause the request.
   *
   * @return the route, which may be narrowed, for example to a virtual host
   */
  public Route mount(Router router, ActorRoute route) {
    return router.route(route.path()).handler(request -> front.route(request, route));
  }

  /**
   * Prepares a new connection of an HTTP server. It adds TLS and the PROXY protocol as the options
   * say, limits the number of connections and the time for heads and pauses, and keeps frames that
   * a client sends before it has read the 101. This method must be the connection handler of HTTP
   * servers with {@link #httpOptions}, which have no TLS of their own.
   */
  public void meet(HttpConnection connection) {
    HttpGuard.meet(connection, tally, edge);
  }

  /**
   * Returns new options for HTTP servers of this gateway: HTTP/1.1 only, the limits of heads, and
   * the settings of {@link #oneReading}. The caller may change them further.
   */
  public HttpServerOptions httpOptions() {
    return oneReading(
            new HttpServerOptions()
                .setMaxInitialLineLength(tally.options().requestLineBytesMax())
                .setMaxHeaderSize(tally.options().headersBytesMax()))
        .setTcpNoDelay(true);
  }

  /**
   * Sets options of a server so that all its code reads a request in the same way, and returns
   * them. The server speaks HTTP/1.1 only, because a request of h2c has no {@code Host} to check.
   * Parameters of a query end at {@code &} and not at {@code ;} (WHATWG URL, section 5.1). Vert.x's
   * own compression of WebSockets is off.
   */
  public static HttpServerOptions oneReading(HttpServerOptions options) {
    return options
        .setHttp2ClearTextEnabled(false)
        .setUseSemicolonAsQueryParamDelimiter(false)
        .setPerMessageWebSocketCompressionSupported(false)
        .setPerFrameWebSocketCompressionSupported(false);
  }

  /**
   * Returns the HTTP server's request handler, which passes requests on to a router. The router
   * sees requests as their clients sent them, to listed proxies or to this server. Handlers of the
   * end of an answer or of its headers are called for a 101, too; before its headers they see the
   * status that was set, or 200.
   *
   * <p>Some requests are answered before the router: 400 if the path or {@code Host} is malformed,
   * or if the headers of listed proxies contradict each other; 421 if the request is for a host
   * that is not the server's, see {@link GatewayOptions#hosts}; and 417 for an expectation other
   * than {@code 100-continue}.
   */
  public Handler<HttpServerRequest> inFrontOf(Router router) {
    return request -> front.receive(request, router);
  }

  /**
   * Checks that a router can route a request, for servers without a gateway.
   *
   * @throws IllegalArgumentException if the path, the query or {@code Host} is malformed; the
   *     message says which
   */
  public static void checkRoutable(HttpServerRequest request) {
    IncomingRequest.check(request);
  }

  /**
   * Takes a record of a host, and returns at once. Any thread may call it, but the releases of one
   * actor must come one after the other. They reach each socket in that order.
   */
  @Override
  public void accept(FromHost record) {
    links.accept(record);
  }

  /**
   * Hears that the link to the host of a node is broken. What the host has not answered is sent
   * again, to it or to the next owners of its actors. Any thread.
   */
  @Override
  public void broken(String node) {
    links.broken(node);
  }

  /** Returns about how many bytes of releases the event loops have not applied yet. Any thread. */
  public long underWayBytes() {
    return loops.bytes();
  }

  /**
   * Ends all connections, and refuses upgrades with a 503 from now on. Every client gets a close
   * frame; if there are many clients, the close frames are spread over the first half of the time.
   * Clients that have not answered in time are disconnected. The host is told of each end once, so
   * it must still run.
   *
   * @param code the code of the close frames, such as 1001 or, for a restart, 1012
   * @param within the time that clients and the host have
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
    return done.future()
        .onComplete(
            gone -> {
              vertx.cancelTimer(timer);
              ticks.ifPresent(vertx::cancelTimer);
            });
  }

  /**
   * Returns a page of an actor's connections whose sockets are here, in the order of their ids. The
   * actor is not woken. Any thread.
   *
   * @param after the last connection of the page before; null for the first page
   * @param limit the most connections of the page
   */
  public Future<List<ConnectionStatus>> connections(
      ActorId actor, @Nullable ConnectionId after, int limit) {
    return visits.statuses(actor, after, limit);
  }

  /**
   * Visits connections whose sockets are open, in no order. Each visit is on the thread that tells
   * observers of the connection's events, between two events. No actor is woken. Any thread.
   *
   * @param which selects the actors whose connections are visited
   * @param limit the most connections to visit
   * @param visitor is called for each connection, and must return at once
   * @return completes, on the caller's event loop if there is one, with the number of connections
   *     over the limit
   */
  public Future<Long> visitOpen(
      Predicate<ActorId> which, int limit, BiConsumer<ConnectionId, ActorId> visitor) {
    return visits.open(which, limit, visitor);
  }

  /** Returns how many of the chosen actors have sockets here. Any thread. */
  public long countActors(Predicate<ActorId> chosen) {
    return groups.count(chosen);
  }

  /** Returns about how many bytes wait for clients to read. It looks at each socket. Any thread. */
  public long outboundBytes() {
    return groups.all().stream().mapToLong(ClientSocket::waitingBytes).sum();
  }

  /** Returns the account of the memory that is held for clients. Any thread. */
  public ClientMemory memory() {
    return tally.memory();
  }

  /** Returns how many HTTP requests are not answered. Any thread. */
  public long activeRequests() {
    return tally.counters().activeRequests.sum();
  }

  /** Returns the gateway's counts so far. Any thread. */
  public GatewayCounts counts() {
    return tally
        .counters()
        .read(
            groups.size(),
            tally.admission().http(),
            upgrades.size(),
            links.staleReleases(),
            edge.counts());
  }
}
