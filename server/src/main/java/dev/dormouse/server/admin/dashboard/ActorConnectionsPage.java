package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /api/actors/{type}/{key}/connections?after={id}&limit=} with an actor's stored
 * connections, the older ones first, with tags and attachments, and with the state of their sockets
 * on this node. A page has at most {@value #LIMIT_MAX} connections, by default {@value
 * #LIMIT_DEFAULT}; {@code next} is the {@code after} of the next page, null if there is none.
 * Attachments are shown without the application's classes, cut as {@link Shown} describes. The
 * request wakes no actor.
 */
final class ActorConnectionsPage implements AdminPage {
  private static final int LIMIT_MAX = 200;
  private static final int LIMIT_DEFAULT = 50;
  private static final long SOCKETS_LIMIT_SECONDS = 5;

  private final StoredActors actors;
  private final WebSocketGateway gateway;
  private final StoreReads reads;

  ActorConnectionsPage(StoredActors actors, WebSocketGateway gateway, StoreReads reads) {
    this.actors = actors;
    this.gateway = gateway;
    this.reads = reads;
  }

  @Override
  public void mount(Router router) {
    router
        .get("/api/actors/:type/:key/connections")
        .handler(context -> reads.answer(context, this::connections));
  }

  private Callable<JsonObject> connections(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    ConnectionId after = PageParams.connection(context, "after");
    int limit = PageParams.number(context, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX);
    return () -> page(actor, after, limit);
  }

  private JsonObject page(ActorId actor, @Nullable ConnectionId after, int limit) throws Exception {
    actors.known(actor);
    KeySpan span = after == null ? KeySpan.all() : KeySpan.all().beyond(keyOf(after));
    List<Row> rows = actors.store().scan(actor, Table.CONNECTION, span, limit + 1);
    boolean isMore = rows.size() > limit || ActorStore.isFull(rows);
    List<Row> page = rows.subList(0, Math.min(limit, rows.size()));
    Map<ConnectionId, ConnectionStatus> sockets = new HashMap<>();
    sockets(gateway, actor, after, 2 * limit)
        .forEach(socket -> sockets.put(socket.connection(), socket));
    ValueCodec codec = actors.codecOf(actor);
    JsonArray connections = new JsonArray();
    page.forEach(row -> connections.add(connection(actor, row, codec, sockets)));
    String next = isMore && !page.isEmpty() ? idOf(page.get(page.size() - 1)).toString() : null;
    return new JsonObject().put("connections", connections).put("next", next);
  }

  /** Returns an actor's sockets on this node; to be called on a thread that may wait. */
  static List<ConnectionStatus> sockets(
      WebSocketGateway gateway, ActorId actor, @Nullable ConnectionId after, int limit)
      throws Exception {
    return gateway
        .connections(actor, after, limit)
        .toCompletionStage()
        .toCompletableFuture()
        .get(SOCKETS_LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  static byte[] keyOf(ConnectionId connection) {
    return ByteBuffer.allocate(Long.BYTES).putLong(connection.value()).array();
  }

  private static ConnectionId idOf(Row row) {
    return new ConnectionId(ByteBuffer.wrap(row.key()).getLong());
  }

  private JsonObject connection(
      ActorId actor, Row row, ValueCodec codec, Map<ConnectionId, ConnectionStatus> sockets) {
    ConnectionId id = idOf(row);
    ConnectionStatus socket = sockets.get(id);
    JsonObject json = new JsonObject().put("id", id.toString()).put("isHere", socket != null);
    if (socket != null) {
      json.put("lastSeen", socket.lastSeen() == null ? null : socket.lastSeen().toString());
      json.put("waitingBytes", socket.waitingBytes());
    }
    try {
      ConnectionRow stored = ConnectionRow.decode(actors.valueOf(actor, Table.CONNECTION, row));
      json.put("acceptedAt", ActorJson.at(stored.acceptedAtMs()));
      json.put("tags", new JsonArray(stored.tags()));
      ConnectionRow.Request request = stored.request();
      if (request != null) {
        json.put("path", request.path()).put("remoteAddress", request.remoteAddress());
      }
      byte[] attachment = stored.attachment();
      if (attachment != null) {
        json.put("attachmentBytes", attachment.length);
        StoredActors.describe(json, "attachment", attachment, codec);
      }
    } catch (CorruptRowException e) {
      json.put("fault", String.valueOf(e.getMessage()));
    }
    return json;
  }
}
