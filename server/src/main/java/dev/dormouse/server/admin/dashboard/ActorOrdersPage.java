package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Answers orders that a person gives to an actor of a registered type:
 *
 * <ul>
 *   <li>{@code POST /api/actors/{type}/{key}/hibernate}, {@code …/reset}: drops the actor from
 *       memory, with {@code onHibernate} or without. The answer is 200 with the actor's status; it
 *       is 409 with the status and a {@code reason} if the actor is not dropped after {@value
 *       ActorDrops#LIMIT_SECONDS} s, and will be later
 *   <li>{@code POST …/connections/{id}/close?code=&reason=}: closes a connection, by default with
 *       1000. The answer is 200 as soon as the close is on its way; {@code onClose} follows. The
 *       answer is 409 with a {@code reason} if the socket is not on this node
 * </ul>
 *
 * <p>The answer is 404 if there is no such actor or connection.
 */
final class ActorOrdersPage implements AdminPage {
  private static final int NORMAL_CLOSURE = 1000;
  private static final String WHY = "as asked for at the admin port";

  private final StoredActors actors;
  private final WebSocketGateway gateway;
  private final StoreReads reads;
  private final ActorDrops drops;

  ActorOrdersPage(StoredActors actors, WebSocketGateway gateway, StoreReads reads) {
    this.actors = actors;
    this.gateway = gateway;
    this.reads = reads;
    this.drops = new ActorDrops(actors.host(), reads);
  }

  @Override
  public void mount(Router router) {
    ActorHost host = actors.host();
    String actor = "/api/actors/:type/:key";
    router.post(actor + "/hibernate").handler(context -> drop(context, host::hibernate));
    router.post(actor + "/reset").handler(context -> drop(context, id -> host.reset(id, WHY)));
    router
        .post(actor + "/connections/:id/close")
        .handler(context -> reads.answer(context, this::close));
  }

  private void drop(
      RoutingContext context, Function<ActorId, CompletableFuture<Boolean>> dropping) {
    StoreReads.answerLater(
        context,
        asked -> {
          ActorId actor = PageParams.hosted(asked, actors.host());
          return reads
              .read(() -> actors.known(actor))
              .compose(known -> drops.drop(asked, actor, dropping));
        });
  }

  private Callable<JsonObject> close(RoutingContext context) {
    ActorId actor = PageParams.hosted(context, actors.host());
    ConnectionId connection = ConnectionId.parse(context.pathParam("id"));
    int code = PageParams.number(context, "code", NORMAL_CLOSURE, 0, 9_999);
    String reason = PageParams.text(context, "reason", CloseReason.REASON_BYTES_MAX);
    CloseReason.checkSendable(code, reason);
    return () -> {
      close(actor, connection, code, reason);
      return new JsonObject().put("id", connection.toString()).put("code", code);
    };
  }

  private void close(ActorId actor, ConnectionId connection, int code, String reason)
      throws Exception {
    actors.known(actor);
    ConnectionId before = new ConnectionId(connection.value() - 1);
    List<ConnectionStatus> here =
        ActorConnectionsPage.sockets(gateway, actor, connection.value() == 0 ? null : before, 1);
    if (here.stream().anyMatch(socket -> socket.connection().equals(connection))) {
      actors.host().close(actor, connection, code, reason);
    } else if (isStored(actor, connection)) {
      throw new StoreReads.Refusal(
          409,
          "the socket of connection %s is not on this node: its close is owed to the actor"
              .formatted(connection));
    } else {
      throw new StoreReads.Refusal(
          404, "actor %s has no connection %s".formatted(actor, connection));
    }
  }

  private boolean isStored(ActorId actor, ConnectionId connection) {
    byte[] key = ActorConnectionsPage.keyOf(connection);
    try {
      return actors.store().get(actor, Table.CONNECTION, key) != null;
    } catch (CorruptRowException e) {
      return true; // the row exists, though it cannot be read
    }
  }
}
