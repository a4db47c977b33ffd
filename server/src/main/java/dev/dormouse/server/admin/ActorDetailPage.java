package dev.dormouse.server.admin;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.ConnectionStatus;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.Codecs;
import dev.dormouse.storage.ConnectionRow;
import dev.dormouse.storage.CorruptRowException;
import dev.dormouse.storage.KeySpan;
import dev.dormouse.storage.Table;
import dev.dormouse.storage.ValueCodec;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What there is of one actor, of a registered type or not. It wakes nobody, and no class of the
 * application's is needed.
 *
 * <ul>
 *   <li>{@code GET /api/actors/{type}/{key}}: its status, alarms, last wake, last reset, last turns
 *   <li>{@code …/connections?after={id}&limit=}: its connections as they are stored, the older ones
 *       first, with tags and attachments, and what their sockets tell
 *   <li>{@code …/values?prefix=&after={hex}&limit=}: its storage, in the order of the keys: sizes,
 *       and small values
 *   <li>{@code …/value?key={hex}}: one value, if it has no more than {@value #VALUE_BYTES_MAX}
 *       bytes
 * </ul>
 *
 * <p>{@code next} is the {@code after} of the next page, null if there is none.
 */
final class ActorDetailPage implements AdminPage {
  private static final int LIMIT_MAX = 200;
  private static final int LIMIT_DEFAULT = 50;
  private static final int ALARMS_SHOWN = 100;
  private static final int VALUE_BYTES_MAX = 256 << 10;
  private static final int PREVIEW_BYTES_MAX = 2 << 10;

  /** So many rows are read at once; values may have 2 MiB. */
  private static final int READ_AT_ONCE = 8;

  /** A page of values ends with the one by which so much was read. */
  private static final long PAGE_BYTES_MAX = 8L << 20;

  private static final long SOCKETS_LIMIT_SECONDS = 5;

  private final ActorHost host;
  private final ActorStore store;
  private final WebSocketGateway gateway;
  private final StoreReads reads;
  private final RecentTurns recent;

  ActorDetailPage(
      ActorHost host,
      ActorStore store,
      WebSocketGateway gateway,
      StoreReads reads,
      RecentTurns recent) {
    this.host = host;
    this.store = store;
    this.gateway = gateway;
    this.reads = reads;
    this.recent = recent;
  }

  @Override
  public void mount(Router router) {
    String actor = "/api/actors/:type/:key";
    router.get(actor).handler(context -> reads.answer(context, () -> status(context)));
    router
        .get(actor + "/connections")
        .handler(context -> reads.answer(context, () -> connections(context)));
    router.get(actor + "/values").handler(context -> reads.answer(context, () -> values(context)));
    router.get(actor + "/value").handler(context -> reads.answer(context, () -> value(context)));
  }

  private ValueCodec codecOf(ActorId actor) {
    ValueCodec codec = host.codec(actor.type());
    return codec == null ? Codecs.kryo(List.of()) : codec;
  }

  private JsonObject status(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    RecentTurns.Past past = recent.of(actor);
    return ActorJson.of(host, actor, ALARMS_SHOWN)
        .put("isHosted", host.hosts(actor.type()))
        .put("wake", ActorJson.of(past.wake()))
        .put("reset", ActorJson.of(past.reset()))
        .put("turns", ActorJson.of(past.turns()));
  }

  private JsonObject connections(RoutingContext context) throws Exception {
    ActorId actor = PageParams.actor(context);
    int limit = PageParams.limit(context, LIMIT_DEFAULT, LIMIT_MAX);
    String after = PageParams.text(context, "after");
    ConnectionId last = after == null ? null : ConnectionId.parse(after);
    KeySpan span = last == null ? KeySpan.all() : KeySpan.all().beyond(keyOf(last));
    List<Row> rows = store.scan(actor, Table.CONNECTION, span, limit + 1);
    boolean isMore = rows.size() > limit || ActorStore.isFull(rows);
    List<Row> page = rows.subList(0, Math.min(limit, rows.size()));
    Map<ConnectionId, ConnectionStatus> sockets = new HashMap<>();
    gateway
        .connections(actor, last, 2 * limit)
        .toCompletionStage()
        .toCompletableFuture()
        .get(SOCKETS_LIMIT_SECONDS, TimeUnit.SECONDS)
        .forEach(socket -> sockets.put(socket.connection(), socket));
    ValueCodec codec = codecOf(actor);
    JsonArray connections = new JsonArray();
    page.forEach(row -> connections.add(connection(actor, row, codec, sockets)));
    String next = isMore && !page.isEmpty() ? idOf(page.get(page.size() - 1)) : null;
    return new JsonObject().put("connections", connections).put("next", next);
  }

  static byte[] keyOf(ConnectionId connection) {
    return ByteBuffer.allocate(Long.BYTES).putLong(connection.value()).array();
  }

  private static String idOf(Row row) {
    return new ConnectionId(ByteBuffer.wrap(row.key()).getLong()).toString();
  }

  private JsonObject connection(
      ActorId actor, Row row, ValueCodec codec, Map<ConnectionId, ConnectionStatus> sockets) {
    ConnectionId id = new ConnectionId(ByteBuffer.wrap(row.key()).getLong());
    ConnectionStatus socket = sockets.get(id);
    JsonObject json = new JsonObject().put("id", id.toString()).put("isHere", socket != null);
    if (socket != null) {
      json.put("lastSeen", socket.lastSeen() == null ? null : socket.lastSeen().toString());
      json.put("waitingBytes", socket.waitingBytes());
    }
    try {
      ConnectionRow stored = ConnectionRow.decode(read(actor, Table.CONNECTION, row));
      json.put("acceptedAt", ActorJson.at(stored.acceptedAtMs()));
      json.put("tags", new JsonArray(stored.tags()));
      byte[] attachment = stored.attachment();
      if (attachment != null) {
        json.put("attachmentBytes", attachment.length);
        describe(json, "attachment", attachment, codec);
      }
    } catch (CorruptRowException e) {
      json.put("fault", String.valueOf(e.getMessage()));
    }
    return json;
  }

  /** The value of a row; what is wrong with it is told by a second read. */
  private byte[] read(ActorId actor, Table table, Row row) {
    byte[] value = row.value();
    byte[] read = value == null ? store.get(actor, table, row.key()) : value;
    if (read == null) {
      throw new CorruptRowException("the row is gone", null);
    }
    return read;
  }

  private static void describe(JsonObject json, String name, byte[] bytes, ValueCodec codec) {
    Shown shown = new Shown();
    json.put(name, shown.of(codec.describe(bytes))).put("isCut", shown.isCut());
  }

  private JsonObject values(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    int limit = PageParams.limit(context, LIMIT_DEFAULT, LIMIT_MAX);
    String prefix = PageParams.text(context, "prefix");
    String after = PageParams.text(context, "after");
    KeySpan span =
        prefix == null ? KeySpan.all() : KeySpan.prefix(prefix.getBytes(StandardCharsets.UTF_8));
    if (after != null) {
      span = span.beyond(HexFormat.of().parseHex(after));
    }
    ValueCodec codec = codecOf(actor);
    JsonArray values = new JsonArray();
    List<Row> rows = new ArrayList<>();
    long bytes = 0;
    boolean isMore = true;
    while (isMore && values.size() < limit && bytes < PAGE_BYTES_MAX) {
      int wanted = Math.min(READ_AT_ONCE, limit - values.size());
      rows = store.scan(actor, Table.VALUE, span, wanted);
      isMore = rows.size() == wanted || ActorStore.isFull(rows);
      for (Row row : rows) {
        values.add(value(actor, row, codec));
        bytes += row.bytes();
        span = span.beyond(row.key());
      }
    }
    String next =
        isMore && !rows.isEmpty()
            ? HexFormat.of().formatHex(rows.get(rows.size() - 1).key())
            : null;
    return new JsonObject().put("values", values).put("next", next);
  }

  private JsonObject value(ActorId actor, Row row, ValueCodec codec) {
    JsonObject json = new JsonObject().put("id", HexFormat.of().formatHex(row.key()));
    json.put("key", nameOf(row.key()));
    try {
      byte[] value = read(actor, Table.VALUE, row);
      json.put("bytes", value.length);
      if (value.length <= PREVIEW_BYTES_MAX) {
        describe(json, "value", value, codec);
      }
    } catch (CorruptRowException e) {
      json.put("fault", String.valueOf(e.getMessage()));
    }
    return json;
  }

  /** A storage key as people know it; one that is no UTF-8 cannot have been written by an actor. */
  private static String nameOf(byte[] key) {
    String text = new String(key, StandardCharsets.UTF_8);
    return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), key)
        ? text
        : "0x" + HexFormat.of().formatHex(key);
  }

  private JsonObject value(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    byte[] key =
        HexFormat.of().parseHex(Objects.requireNonNullElse(PageParams.text(context, "key"), ""));
    byte @Nullable [] value = store.get(actor, Table.VALUE, key);
    if (value == null) {
      throw new NoSuchElementException("there is no value '" + nameOf(key) + "'");
    }
    if (value.length > VALUE_BYTES_MAX) {
      throw new IllegalArgumentException(
          "the value has %d bytes, of which %d are shown at most; the command dump shows it"
              .formatted(value.length, VALUE_BYTES_MAX));
    }
    JsonObject json =
        new JsonObject()
            .put("id", HexFormat.of().formatHex(key))
            .put("key", nameOf(key))
            .put("bytes", value.length);
    describe(json, "value", value, codecOf(actor));
    return json;
  }
}
