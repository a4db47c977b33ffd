package dev.dormouse.server.admin;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.ConnectionStatus;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.host.HostCounts;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The admin port, on loopback only:
 *
 * <ul>
 *   <li>{@code GET /healthz}: 200 while the process answers at all
 *   <li>{@code GET /readyz}: 200 while clients are welcome, else 503
 *   <li>{@code GET /counts}: {@link HostCounts} in JSON
 *   <li>{@code GET /actors/{type}/{key}}: an {@link ActorStatus} in JSON
 *   <li>{@code GET /actors/{type}/{key}/connections?after={id}&limit={n}}: a page of {@link
 *       ConnectionStatus} in JSON, and {@code next}, the {@code after} of the next page, or null if
 *       this is the last; at most {@value #CONNECTIONS_MAX}, by default {@value
 *       #CONNECTIONS_DEFAULT}
 *   <li>{@code POST /actors/{type}/{key}/hibernate}: drops the actor from memory, then its status;
 *       409 with the status if it is not done after {@value #HIBERNATE_LIMIT_SECONDS} s
 * </ul>
 *
 * <p>Since a browser on the same machine can be led here by any page, requests whose {@code Host}
 * or {@code Origin} is not loopback are answered 403.
 */
public final class AdminServer {
  private static final int HIBERNATE_LIMIT_SECONDS = 5;
  private static final int CONNECTIONS_MAX = 1_000;
  private static final int CONNECTIONS_DEFAULT = 100;
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:https?://)?(\\[[^\\]]*\\]|[^:/]*)(?::\\d*)?");

  private static final Pattern LIMIT = Pattern.compile("[0-9]{1,4}");

  private final Vertx vertx;
  private final ActorHost host;
  private final WebSocketGateway gateway;
  private final BooleanSupplier isReady;
  private @Nullable HttpServer server;

  /** An admin server that does not listen yet. */
  public AdminServer(
      Vertx vertx, ActorHost host, WebSocketGateway gateway, BooleanSupplier isReady) {
    this.vertx = vertx;
    this.host = host;
    this.gateway = gateway;
    this.isReady = isReady;
  }

  /** Listens on loopback; on any free port if it is 0. */
  public Future<HttpServer> listen(int port) {
    // HTTP/1.1 only: a client that is taken up on h2c has no Host header to judge it by.
    HttpServerOptions options = new HttpServerOptions().setHttp2ClearTextEnabled(false);
    HttpServer made = vertx.createHttpServer(options).requestHandler(routes());
    server = made;
    return made.listen(port, "127.0.0.1");
  }

  /** The port it listens on. */
  public int port() {
    if (server == null) {
      throw new IllegalStateException("the admin server does not listen yet");
    }
    return server.actualPort();
  }

  private Router routes() {
    Router router = Router.router(vertx);
    router.route().handler(this::refuseForeigners);
    router.get("/healthz").handler(context -> answer(context, 200, "ok"));
    router
        .get("/readyz")
        .handler(
            context -> {
              boolean ready = isReady.getAsBoolean();
              answer(context, ready ? 200 : 503, ready ? "ready" : "not ready");
            });
    router.get("/counts").handler(context -> answer(context, 200, json(host.counts())));
    router.get("/actors/:type/:key").handler(this::show);
    router.get("/actors/:type/:key/connections").handler(this::showConnections);
    router.post("/actors/:type/:key/hibernate").handler(this::hibernate);
    return router;
  }

  private void refuseForeigners(RoutingContext context) {
    if (isLoopback(context.request().getHeader("Host"))
        && (context.request().getHeader("Origin") == null
            || isLoopback(context.request().getHeader("Origin")))) {
      context.next();
    } else {
      answer(context, 403, "the admin port answers to loopback names only");
    }
  }

  private static boolean isLoopback(@Nullable String authority) {
    if (authority == null) {
      return false;
    }
    Matcher matcher = AUTHORITY.matcher(authority);
    return matcher.matches() && LOOPBACK.contains(matcher.group(1).toLowerCase(Locale.ROOT));
  }

  private void show(RoutingContext context) {
    ActorId actor = actor(context);
    if (actor != null) {
      answer(context, 200, host.status(actor));
    }
  }

  private void showConnections(RoutingContext context) {
    ActorId actor = actor(context);
    if (actor == null) {
      return;
    }
    String after = context.request().getParam("after");
    String limit = context.request().getParam("limit", String.valueOf(CONNECTIONS_DEFAULT));
    ConnectionId last;
    int most;
    try {
      last = after == null ? null : ConnectionId.parse(after);
      most = limitOf(limit);
    } catch (IllegalArgumentException e) {
      answer(context, 400, String.valueOf(e.getMessage()));
      return;
    }
    Future.fromCompletionStage(
            gateway.connections(actor, last, most + 1).toCompletionStage(),
            vertx.getOrCreateContext())
        .onSuccess(found -> answer(context, 200, json(found, most)))
        .onFailure(context::fail);
  }

  private static int limitOf(String text) {
    if (LIMIT.matcher(text).matches()) {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= CONNECTIONS_MAX) {
        return limit;
      }
    }
    throw new IllegalArgumentException("limit '" + text + "' is not 1 to " + CONNECTIONS_MAX);
  }

  private void hibernate(RoutingContext context) {
    ActorId actor = actor(context);
    if (actor == null) {
      return;
    }
    Future.fromCompletionStage(
            host.hibernate(actor).orTimeout(HIBERNATE_LIMIT_SECONDS, TimeUnit.SECONDS),
            vertx.getOrCreateContext())
        .onComplete(
            dropped -> answer(context, dropped.succeeded() ? 200 : 409, host.status(actor)));
  }

  /** The actor that the path names; null if it names none, which is answered. */
  private @Nullable ActorId actor(RoutingContext context) {
    try {
      ActorId actor = new ActorId(context.pathParam("type"), context.pathParam("key"));
      if (host.hosts(actor.type())) {
        return actor;
      }
      answer(context, 404, "there is no actor type " + actor.type());
    } catch (IllegalArgumentException e) {
      answer(context, 400, String.valueOf(e.getMessage()));
    }
    return null;
  }

  private static void answer(RoutingContext context, int status, String text) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(text + "\n");
  }

  private static void answer(RoutingContext context, int status, ActorStatus actor) {
    answer(context, status, json(actor));
  }

  private static void answer(RoutingContext context, int status, JsonObject json) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .putHeader("Cache-Control", "no-store")
        .end(json.encode());
  }

  private static JsonObject json(List<ConnectionStatus> found, int most) {
    List<ConnectionStatus> page = found.subList(0, Math.min(most, found.size()));
    JsonArray connections = new JsonArray();
    page.forEach(
        each ->
            connections.add(
                new JsonObject()
                    .put("id", each.connection().toString())
                    .put("lastSeen", each.lastSeen())
                    .put("waitingBytes", each.waitingBytes())));
    String next = found.size() > most ? page.get(most - 1).connection().toString() : null;
    return new JsonObject().put("connections", connections).put("next", next);
  }

  private static JsonObject json(HostCounts counts) {
    return new JsonObject()
        .put("unreadableActors", counts.unreadableActors())
        .put("unreadableConnections", counts.unreadableConnections())
        .put("unreadableAttachments", counts.unreadableAttachments())
        .put("unreadableValues", counts.unreadableValues())
        .put("refusedEvents", counts.refusedEvents())
        .put("unclosedLeftovers", counts.unclosedLeftovers());
  }

  private static JsonObject json(ActorStatus actor) {
    return new JsonObject()
        .put("type", actor.id().type())
        .put("key", actor.id().key())
        .put("state", actor.state().name().toLowerCase(Locale.ROOT))
        .put("connections", actor.connections())
        .put("activation", actor.activation())
        .put("pins", new JsonArray(actor.pins()));
  }
}
