package dev.dormouse.server.admin;

import dev.dormouse.server.gateway.ConnectionGuard;
import dev.dormouse.server.gateway.ConnectionLimits;
import dev.dormouse.server.gateway.GatewayOptions;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.AlarmCounts;
import dev.dormouse.server.host.UnreadableCounts;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The admin port. {@link AdminAccess} says who is answered.
 *
 * <ul>
 *   <li>{@code GET /healthz}: 200 while the process answers at all
 *   <li>{@code GET /readyz}: 200 while clients are welcome, else 503 and why not
 *   <li>{@code GET /counts}: {@link UnreadableCounts} and {@link AlarmCounts} in JSON
 * </ul>
 */
public final class AdminServer {
  /** Longer ones are answered 414. A key of 2 KiB in hexadecimal is to fit. */
  private static final int LINE_BYTES_MAX = 16 << 10;

  /** How long a body may take; then the connection is closed. */
  private static final Duration BODY_MAX = Duration.ofSeconds(30);

  /** This part of the connections is for those that have asked nothing yet. */
  private static final int HTTP_PART = 4;

  private final Vertx vertx;
  private final ActorHost host;
  private final Supplier<Optional<String>> whyNotReady;
  private final AdminOptions options;
  private final Time time;
  private final List<AdminPage> pages;
  private @Nullable HttpServer server;

  /**
   * An admin server that does not listen yet; it answers what the pages do, too.
   *
   * @param whyNotReady why clients are not welcome, in words; empty if they are
   */
  public AdminServer(
      Vertx vertx,
      ActorHost host,
      Supplier<Optional<String>> whyNotReady,
      AdminOptions options,
      Time time,
      AdminPage... pages) {
    this.vertx = vertx;
    this.host = host;
    this.options = options;
    this.time = time;
    this.whyNotReady = whyNotReady;
    this.pages = List.of(pages);
  }

  /** Listens; on any free port if it is 0. */
  public Future<HttpServer> listen(int port) {
    HttpServerOptions http =
        WebSocketGateway.oneReading(
            new HttpServerOptions().setMaxInitialLineLength(LINE_BYTES_MAX));
    HttpServer made =
        vertx
            .createHttpServer(http)
            .connectionHandler(guard()::meet)
            .requestHandler(inFrontOf(routes()));
    server = made;
    return made.listen(port, options.address());
  }

  /** The same guard as that of the clients' port, with numbers of its own. */
  private ConnectionGuard guard() {
    int http = options.connectionsMax() / HTTP_PART;
    return new ConnectionGuard(
        "the admin port",
        GatewayOptions.defaults()
            .limits(ConnectionLimits.shared().connectionsMax(options.connectionsMax() - http))
            .httpConnectionsMax(http),
        time);
  }

  /** The port it listens on. */
  public int port() {
    if (server == null) {
      throw new IllegalStateException("the admin server does not listen yet");
    }
    return server.actualPort();
  }

  /** Where this machine finds it. */
  public String url() {
    return options.url(port());
  }

  /**
   * A router would log what it cannot route, as an error of its own. To pages, a HEAD is a GET
   * whose body Vert.x leaves out.
   */
  private Handler<HttpServerRequest> inFrontOf(Router router) {
    return request -> {
      boundBody(request);
      try {
        WebSocketGateway.checkRoutable(request);
      } catch (IllegalArgumentException malformed) {
        request.response().setStatusCode(400).end(malformed.getMessage() + "\n");
        return;
      }
      router.handle(new Asked(request));
    };
  }

  private static final class Asked extends HttpServerRequestWrapper {
    Asked(HttpServerRequest request) {
      super((HttpServerRequestInternal) request);
    }

    @Override
    public HttpMethod method() {
      return HttpMethod.HEAD.equals(super.method()) ? HttpMethod.GET : super.method();
    }

    /** See {@link WebSocketGateway#oneReading}: with {@code params()}, Vert.x would split at ;. */
    @Override
    public MultiMap params(boolean semicolonIsNormalChar) {
      return super.params(true);
    }
  }

  /**
   * Completes the Allow with which a router answers a method that a page does not have: HEAD goes
   * where GET does. A question for that, by OPTIONS, is no mistake.
   */
  private static void allow(RoutingContext context) {
    HttpServerResponse response = context.response();
    String allowed = response.headers().get(HttpHeaders.ALLOW);
    if (response.getStatusCode() == 405 && allowed != null) {
      String all = allowed.replaceFirst("\\bGET\\b", "GET, HEAD") + ", OPTIONS";
      response.putHeader(HttpHeaders.ALLOW, all);
      if (HttpMethod.OPTIONS.equals(context.request().method())) {
        response.headers().remove(HttpHeaders.CONTENT_LENGTH);
        response.setStatusCode(204);
      }
    }
  }

  private void boundBody(HttpServerRequest request) {
    if (request.headers().contains("Content-Length")
        || request.headers().contains("Transfer-Encoding")) {
      vertx.setTimer(
          BODY_MAX.toMillis(),
          elapsed -> {
            if (!request.isEnded()) {
              request.connection().close();
            }
          });
    }
  }

  private Router routes() {
    Router router = Router.router(vertx);
    AdminAccess access = new AdminAccess(options.token(), time);
    router
        .route()
        .handler(
            context -> {
              context.addHeadersEndHandler(leaving -> allow(context));
              access.check(context);
            });
    new LoginPage(access).mount(router);
    router.get("/healthz").handler(context -> answer(context, 200, "ok"));
    router
        .get("/readyz")
        .handler(
            context -> {
              Optional<String> why = whyNotReady.get();
              answer(context, why.isEmpty() ? 200 : 503, why.orElse("ready"));
            });
    router
        .get("/counts")
        .handler(context -> answer(context, 200, json(host.counts(), host.alarmCounts())));
    pages.forEach(page -> page.mount(router));
    return router;
  }

  /** Answers in plain text, with a line feed at its end. */
  public static void answer(RoutingContext context, int status, String text) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(text + "\n");
  }

  /** Answers in JSON, which is not to be stored. */
  public static void answer(RoutingContext context, int status, JsonObject json) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .putHeader("Cache-Control", "no-store")
        .end(json.encode());
  }

  private static JsonObject json(UnreadableCounts counts, AlarmCounts alarms) {
    return new JsonObject()
        .put("unreadableActors", counts.unreadableActors())
        .put("unreadableConnections", counts.unreadableConnections())
        .put("unreadableAttachments", counts.unreadableAttachments())
        .put("unreadableValues", counts.unreadableValues())
        .put("refusedEvents", counts.refusedEvents())
        .put("unclosedLeftovers", counts.unclosedLeftovers())
        .put(
            "alarms",
            new JsonObject()
                .put("underWay", alarms.underWay())
                .put("rung", alarms.rung())
                .put("failed", alarms.failed())
                .put("givenUp", alarms.givenUp())
                .put("unhostedTypes", alarms.unhosted()));
  }
}
