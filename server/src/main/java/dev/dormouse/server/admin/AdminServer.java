package dev.dormouse.server.admin;

import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.http.ConnectionGuard;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.host.rows.UnreadableCounts;
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
 * Serves the admin port. {@link AdminAccess} decides which requests are answered.
 *
 * <ul>
 *   <li>{@code GET /healthz}: 200 while the process answers at all
 *   <li>{@code GET /readyz}: 200 while the server accepts clients, else 503 with the reason
 *   <li>{@code GET /counts}: {@link UnreadableCounts} and {@link AlarmCounts} in JSON
 * </ul>
 */
public final class AdminServer {
  /**
   * The most bytes of a request line, for a key of 8 KiB in hexadecimal; longer lines are answered
   * 414.
   */
  private static final int LINE_BYTES_MAX = 32 << 10;

  /** The longest time for the body of a request; then the connection is closed. */
  private static final Duration BODY_MAX = Duration.ofSeconds(30);

  /** The part of the connections that is for clients without a request yet: one in this number. */
  private static final int HTTP_PART = 4;

  private final Vertx vertx;
  private final ActorHost host;
  private final Supplier<Optional<String>> whyNotReady;
  private final AdminOptions options;
  private final Time time;
  private final List<AdminPage> pages;
  private @Nullable HttpServer server;

  /**
   * Creates an admin server that does not listen yet.
   *
   * @param whyNotReady returns why the server does not accept clients, in words; empty if it does
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

  /** Opens the port; 0 for any free port. */
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

  /** Returns a guard like that of the clients' port, with its own limits. */
  private ConnectionGuard guard() {
    int http = options.connectionsMax() / HTTP_PART;
    return new ConnectionGuard(
        "the admin port",
        GatewayOptions.defaults()
            .limits(ConnectionLimits.shared().connectionsMax(options.connectionsMax() - http))
            .httpConnectionsMax(http),
        time);
  }

  /** Returns the port that the server listens on. */
  public int port() {
    if (server == null) {
      throw new IllegalStateException("the admin server does not listen yet");
    }
    return server.actualPort();
  }

  /** Returns the URL of the admin port, as seen from this machine. */
  public String url() {
    return options.url(port());
  }

  /**
   * Returns a handler that runs before the router. It answers requests that the router would log as
   * errors of its own. It passes HEAD to pages as GET, whose body Vert.x leaves out.
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

    /**
     * Reads the parameters as {@link WebSocketGateway#oneReading} requires: {@code params()} of
     * Vert.x would split them at semicolons.
     */
    @Override
    public MultiMap params(boolean semicolonIsNormalChar) {
      return super.params(true);
    }
  }

  /**
   * Completes the header Allow in the router's answer to a method that a page does not have: HEAD
   * is allowed where GET is. A question for the methods, by OPTIONS, is answered without an error.
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

  /** Answers in JSON, which browsers must not store. */
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
