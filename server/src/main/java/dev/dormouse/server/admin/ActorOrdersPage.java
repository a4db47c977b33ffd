package dev.dormouse.server.admin;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CorruptRowException;
import dev.dormouse.storage.Table;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What a person can have an actor do:
 *
 * <ul>
 *   <li>{@code POST /api/actors/{type}/{key}/hibernate}, {@code …/reset}: leave memory, with {@code
 *       onHibernate} or without; then 200 with its status, or 409 if it is not done after {@value
 *       #LIMIT_SECONDS} s
 *   <li>{@code POST …/connections/{id}/close?code=&reason=}: close a connection, by default with
 *       1000; 200 as soon as that is on its way, {@code onClose} follows
 * </ul>
 */
final class ActorOrdersPage implements AdminPage {
  private static final int LIMIT_SECONDS = 5;
  private static final int NORMAL_CLOSURE = 1000;
  private static final String WHY = "as asked for at the admin port";

  private final Vertx vertx;
  private final ActorHost host;
  private final ActorStore store;
  private final StoreReads reads;

  ActorOrdersPage(Vertx vertx, ActorHost host, ActorStore store, StoreReads reads) {
    this.vertx = vertx;
    this.host = host;
    this.store = store;
    this.reads = reads;
  }

  @Override
  public void mount(Router router) {
    String actor = "/api/actors/:type/:key";
    router.post(actor + "/hibernate").handler(context -> drop(context, host::hibernate));
    router.post(actor + "/reset").handler(context -> drop(context, id -> host.reset(id, WHY)));
    router
        .post(actor + "/connections/:id/close")
        .handler(context -> reads.answer(context, () -> close(context)));
  }

  private void drop(
      RoutingContext context, Function<ActorId, CompletableFuture<Boolean>> dropping) {
    ActorId actor = AdminServer.actor(context, host);
    if (actor == null) {
      return;
    }
    Future.fromCompletionStage(
            dropping.apply(actor).orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS),
            vertx.getOrCreateContext())
        .onComplete(
            dropped ->
                reads.answer(
                    context,
                    dropped.succeeded() ? 200 : 409,
                    () -> ActorJson.of(host.status(actor))));
  }

  private JsonObject close(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    ConnectionId connection = ConnectionId.parse(context.pathParam("id"));
    String code = PageParams.text(context, "code");
    String reason = Objects.requireNonNullElse(PageParams.text(context, "reason"), "");
    int number = code == null ? NORMAL_CLOSURE : codeOf(code);
    CloseReason.checkSendable(number, reason);
    if (!isOf(actor, connection)) {
      throw new NoSuchElementException("actor " + actor + " has no connection " + connection);
    }
    host.close(actor, connection, number, reason);
    return new JsonObject().put("id", connection.toString()).put("code", number);
  }

  private static int codeOf(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("close code '" + text + "' is no number", e);
    }
  }

  private boolean isOf(ActorId actor, ConnectionId connection) {
    try {
      return store.get(actor, Table.CONNECTION, ActorDetailPage.keyOf(connection)) != null;
    } catch (CorruptRowException e) {
      return true; // it is there, though it cannot be read
    }
  }
}
