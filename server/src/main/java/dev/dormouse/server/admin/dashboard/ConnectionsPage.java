package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.server.host.ActorHost;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/**
 * Answers {@code GET /actors/{type}/{key}/connections?after={id}&limit={n}} with an actor's
 * connections whose sockets are on this node, in the order of their ids, each a {@link
 * ConnectionStatus} in JSON. {@code next} is the {@code after} of the next page, null if this is
 * the last. A page has at most {@value #LIMIT_MAX} connections, by default {@value #LIMIT_DEFAULT}.
 * The request wakes no actor.
 */
final class ConnectionsPage implements AdminPage {
  private static final int LIMIT_MAX = 1_000;
  private static final int LIMIT_DEFAULT = 100;

  private final Vertx vertx;
  private final ActorHost host;
  private final WebSocketGateway gateway;

  ConnectionsPage(Vertx vertx, ActorHost host, WebSocketGateway gateway) {
    this.vertx = vertx;
    this.host = host;
    this.gateway = gateway;
  }

  @Override
  public void mount(Router router) {
    router.get("/actors/:type/:key/connections").handler(this::show);
  }

  private void show(RoutingContext context) {
    StoreReads.answerLater(
        context,
        asked -> {
          ActorId actor = PageParams.hosted(asked, host);
          ConnectionId after = PageParams.connection(asked, "after");
          int limit = PageParams.number(asked, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX);
          return Future.fromCompletionStage(
                  gateway.connections(actor, after, limit + 1).toCompletionStage(),
                  vertx.getOrCreateContext())
              .map(found -> json(found, limit));
        });
  }

  /** Returns a page of the connections that were found, which may be one more than the page has. */
  private static JsonObject json(List<ConnectionStatus> found, int limit) {
    List<ConnectionStatus> page = found.subList(0, Math.min(limit, found.size()));
    JsonArray connections = new JsonArray();
    page.forEach(
        each ->
            connections.add(
                new JsonObject()
                    .put("id", each.connection().toString())
                    .put("lastSeen", each.lastSeen())
                    .put("waitingBytes", each.waitingBytes())));
    String next = found.size() > limit ? page.get(limit - 1).connection().toString() : null;
    return new JsonObject().put("connections", connections).put("next", next);
  }
}
