package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.edge.Edge;
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
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Holds the sockets of actors: takes upgrades from a vertx-web router, tells the host what clients
 * say, and does to the sockets what the host releases.
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
 * <p>The HTTP server is to run on event loops. Limits and their outcomes are in {@link
 * GatewayOptions} and {@link ActorRoute}.
 */
public final class WebSocketGateway {
  /** The part of a shutdown's time over which the close frames are spread. */
  private static final int SPREAD_PART = 2;

  private static final Logger log = Log.of(WebSocketGateway.class);

  private final Vertx vertx;
  private final GatewayParts parts;
  private final Edge edge;
  private final OriginPolicy origins;
  private final PendingUpgrades upgrades;
  private final PlainRequests requests;
  private final Releases releases;
  private final SocketVisits visits;
  private final AtomicBoolean isMisdirectionTold = new AtomicBoolean();

  /**
   * A gateway without routes, which nobody can observe.
   *
   * @param incarnation the number of this run of the node; it is in the id of every connection
   */
  public WebSocketGateway(
      GatewayOptions options, Vertx vertx, Transport transport, Time time, long incarnation) {
    this(options, vertx, transport, time, incarnation, new Observers(time));
  }

  /** The same, of which observers are told. */
  public WebSocketGateway(
      GatewayOptions options,
      Vertx vertx,
      Transport transport,
      Time time,
      long incarnation,
      Observers observers) {
    this.vertx = vertx;
    this.parts = GatewayParts.of(options, transport, time, observers);
    this.edge =
        new Edge(options.trustedProxies(), options.proxyProtocol(), options.tls(), options.head());
    this.origins = new OriginPolicy(options.allowedOrigins(), options.hosts());
    AccessCheck access = new AccessCheck(parts, vertx);
    this.upgrades = new PendingUpgrades(parts, vertx, access, incarnation);
    this.requests = new PlainRequests(parts, vertx, access);
    this.releases = new Releases(parts, upgrades, requests);
    this.visits = new SocketVisits(vertx, parts.groups(), parts.loops(), parts.heartbeats());
  }

  /**
   * Makes actors reachable. Handlers that were put on the router before see the requests first and
   * may answer them, or add headers and cookies, which are then on the 101 too. One that works
   * asynchronously must pause the request.
   *
   * @return the route, which may be narrowed, to a virtual host for example
   */
  public Route mount(Router router, ActorRoute route) {
    return router.route(route.path()).handler(request -> handle(request, route));
  }

  /**
   * Meets a new connection: speaks TLS and the PROXY protocol as the options say, has frames that a
   * client sends before it has read the 101 reach the actor, and bounds how many connections there
   * are, how long a client may take over all that comes before its first request's end of head, and
   * how long it may pause between requests. To be the connection handler of HTTP servers that speak
   * no TLS of their own, with {@link #httpOptions}.
   */
  public void meet(HttpConnection connection) {
    ConnectionGuard.meet(connection, parts, edge);
  }

  /**
   * What HTTP servers of this gateway are to be made with: HTTP/1.1, the limits of heads, {@link
   * #oneReading}, and no WebSockets of Vert.x's own compression. Fresh options, which may be
   * changed further.
   */
  public HttpServerOptions httpOptions() {
    return oneReading(
            new HttpServerOptions()
                .setMaxInitialLineLength(parts.options().requestLineBytesMax())
                .setMaxHeaderSize(parts.options().headersBytesMax()))
        .setTcpNoDelay(true);
  }

  /**
   * Options of a server, with which all who read a URL read the same: HTTP/1.1 only, because a
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
   * The HTTP server's request handler. The router sees requests as their clients sent them, to
   * listed proxies or here. Handlers that act before the headers of an answer, or at its end, do so
   * for a 101 too; before its headers they see the status that was set, or 200. What no router can
   * route is answered 400: a malformed path, a missing {@code Host}, which a router would log as an
   * error of its own each time; and what a listed proxy forwards with headers that contradict each
   * other. What is for a host of somebody else's is answered 421, see {@link GatewayOptions#hosts};
   * an expectation other than {@code 100-continue} is answered 417.
   */
  public Handler<HttpServerRequest> inFrontOf(Router router) {
    return request -> {
      HttpServerRequest view;
      try {
        RequestHeads.check(request);
        view = UpgradeRequest.of(edge.view(request, ChannelTakeover.channelOf(request)));
      } catch (IllegalArgumentException malformed) {
        UpgradeWatch.begin(parts, request, upgrades::nextId);
        UpgradeWatch.refused(parts, request, Refusal.HANDSHAKE);
        request
            .response()
            .setStatusCode(400)
            .putHeader("Content-Type", "text/plain")
            .end(String.valueOf(malformed.getMessage()));
        return;
      }
      UpgradeWatch.begin(parts, view, upgrades::nextId);
      if (RequestHeads.expectation(view) == RequestHeads.Expectation.UNKNOWN) {
        UpgradeWatch.refused(parts, view, Refusal.HANDSHAKE);
        view.response().setStatusCode(417).end("only 100-continue can be expected");
        return;
      }
      if (origins.isMisdirected(RequestHeads.target(view), view.headers())) {
        UpgradeWatch.refused(parts, view, Refusal.HANDSHAKE);
        misdirected(view);
        return;
      }
      router.handle(view);
    };
  }

  private void misdirected(HttpServerRequest request) {
    if (!isMisdirectionTold.getAndSet(true)) {
      log.warn(
          "a request for '{}' was answered 421, because that is none of this server's hosts; if it"
              + " is, list it with --hosts (told once)",
          request.authority());
    }
    request
        .response()
        .setStatusCode(421)
        .putHeader("Content-Type", "text/plain")
        .end("the host that was asked for is none of this server's: see its option --hosts");
  }

  /**
   * Whether a router can route the request; for servers that are none of this gateway's.
   *
   * @throws IllegalArgumentException if path, query or {@code Host} are malformed; the message says
   *     which
   */
  public static void checkRoutable(HttpServerRequest request) {
    RequestHeads.check(request);
  }

  private void handle(RoutingContext request, ActorRoute route) {
    ActorId actor;
    RequestHead head;
    try {
      actor = RequestHeads.actor(request, route);
      UpgradeWatch.reached(parts, request, actor);
      head = RequestHeads.head(request);
    } catch (IllegalArgumentException malformed) {
      HttpAnswers.send(request, HttpResponse.text(400, String.valueOf(malformed.getMessage())));
      return;
    }
    Handshake handshake =
        Handshake.of(head, RequestHeads.target(request.request()), origins, route);
    if (handshake instanceof Handshake.Valid valid) {
      upgrade(request, route, actor, head, valid);
    } else if (handshake instanceof Handshake.Refused refused) {
      refuse(request, Refusal.HANDSHAKE, refused.response());
    } else if (route.answersHttp() && isTooOften(request)) {
      parts.hit(RequestLimit.ADDRESS_RATE, "429", actor);
      HttpAnswers.send(request, HttpAnswers.tooMany(Refusal.ADDRESS_RATE));
    } else if (route.answersHttp()) {
      requests.pass(request, route, actor, head);
    } else {
      HttpAnswers.send(request, Handshake.upgradeRequired(head));
    }
  }

  private boolean isTooOften(RoutingContext request) {
    InetAddress client = RequestHeads.client(request.request());
    return parts.admission().isTooOften(client, parts.time().nowNs());
  }

  private void upgrade(
      RoutingContext request,
      ActorRoute route,
      ActorId actor,
      RequestHead head,
      Handshake.Valid handshake) {
    if (upgrades.isStopping()) {
      refuse(request, Refusal.STOPPING, PendingUpgrades.stopping());
    } else if (request.response().writeQueueFull()) {
      // The 101 must go out before HTTP's encoder leaves; the answers before it are still waiting.
      refuse(
          request,
          Refusal.UNREAD_ANSWERS,
          HttpAnswers.unavailable("earlier answers were not read yet"));
    } else {
      InetAddress client = RequestHeads.client(request.request());
      Admission.Verdict verdict = parts.admission().admit(client, parts.time().nowNs());
      if (verdict instanceof Admission.Refused refused) {
        refuse(request, refused.why(), HttpAnswers.tooMany(refused.why()));
      } else if (verdict instanceof Admission.Place seat) {
        if (RequestHeads.expectation(request.request()) == RequestHeads.Expectation.CONTINUE) {
          request.response().writeContinue(); // before the 101: RFC 9110, section 7.8
        }
        request.request().pause();
        upgrades.ask(request, route, actor, head, handshake, seat);
      }
    }
  }

  private void refuse(RoutingContext request, Refusal why, HttpResponse response) {
    UpgradeWatch.refused(parts, request.request(), why);
    HttpAnswers.send(request, response);
  }

  /**
   * Does what a host releases. Any thread; returns at once. The releases of one actor are to come
   * one after the other, and reach each socket in that order.
   */
  public void accept(Release release) {
    releases.accept(release);
  }

  /** How many bytes of what hosts released the event loops have not taken up yet, about. */
  public long underWayBytes() {
    return parts.loops().bytes();
  }

  /**
   * Ends all connections: upgrades are answered 503 from now on, every client gets a close frame
   * (many clients: spread over the first half of the time), and those that have not answered in
   * time are dropped. The host hears of each, once; it should still be there.
   *
   * @param code what the close frames say, such as 1001 or, for a restart, 1012
   * @param within how long clients, and the host, have
   * @return completes when there are no more sockets
   */
  public Future<Void> shutdown(int code, Duration within) {
    CloseReason reason = new CloseReason(code, "", Cause.SHUTDOWN);
    CloseReason.checkSendable(code, reason.reason());
    Promise<Void> done = Promise.promise();
    parts.groups().onEmpty(done::tryComplete);
    upgrades.stop(reason);
    visits.closeAll(reason, within.dividedBy(SPREAD_PART));
    if (parts.groups().size() == 0) {
      done.tryComplete();
    }
    long timer = vertx.setTimer(Math.max(1, within.toMillis()), elapsed -> visits.abandonAll());
    return done.future().onComplete(gone -> vertx.cancelTimer(timer));
  }

  /**
   * The connections of an actor whose sockets are here, in the order of their ids, page by page.
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

  /** How many actors have sockets here, of those that are chosen. Any thread. */
  public long countActors(Predicate<ActorId> chosen) {
    return parts.groups().count(chosen);
  }

  /** How many bytes wait for clients to read them, about. Looks at each socket. Any thread. */
  public long outboundBytes() {
    return parts.groups().all().stream().mapToLong(ClientSocket::waitingBytes).sum();
  }

  /** What is held for clients. Any thread. */
  ClientMemory memory() {
    return parts.memory();
  }

  /** How many HTTP requests are not answered yet. Any thread. */
  public long activeRequests() {
    return parts.counters().activeRequests.sum();
  }

  /** What it has done so far. Any thread. */
  public GatewayCounts counts() {
    return parts
        .counters()
        .read(parts.groups().size(), parts.admission().http(), upgrades.size(), edge.counts());
  }
}
