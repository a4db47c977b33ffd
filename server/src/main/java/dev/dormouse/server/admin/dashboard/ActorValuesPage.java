package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests for the stored values of an actor. They wake no actor, and values are shown
 * without the application's classes, cut as {@link Shown} describes.
 *
 * <ul>
 *   <li>{@code GET /api/actors/{type}/{key}/values?prefix=&after={hex}&limit=}: a page of values in
 *       the order of their keys, each with its size, and with its content if it has at most {@value
 *       #PREVIEW_BYTES_MAX} bytes. A page has at most {@value #LIMIT_MAX} values, by default
 *       {@value #LIMIT_DEFAULT}, and about {@value #PAGE_BYTES_MAX} bytes; {@code next} is the
 *       {@code after} of the next page, null if there is none
 *   <li>{@code …/value?key={hex}}: one value; the answer is 413 if it has more than {@value
 *       StoredActors#DECODED_BYTES_MAX} bytes
 * </ul>
 */
final class ActorValuesPage implements AdminPage {
  private static final int LIMIT_MAX = 200;
  private static final int LIMIT_DEFAULT = 50;
  private static final int PREVIEW_BYTES_MAX = 2 << 10;

  /** The number of rows in one read, since values may have 2 MiB. */
  private static final int READ_AT_ONCE = 8;

  private static final long PAGE_BYTES_MAX = 8L << 20;

  private final StoredActors actors;
  private final StoreReads reads;

  ActorValuesPage(StoredActors actors, StoreReads reads) {
    this.actors = actors;
    this.reads = reads;
  }

  @Override
  public void mount(Router router) {
    String actor = "/api/actors/:type/:key";
    router.get(actor + "/values").handler(context -> reads.answer(context, this::values));
    router.get(actor + "/value").handler(context -> reads.answer(context, this::value));
  }

  private Callable<JsonObject> values(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    String prefix = PageParams.text(context, "prefix", ActorOptions.STORAGE_KEY_BYTES_CEILING);
    byte[] after = PageParams.hex(context, "after", ActorOptions.STORAGE_KEY_BYTES_CEILING);
    int limit = PageParams.number(context, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX);
    KeySpan all = KeySpan.prefix(prefix.getBytes(StandardCharsets.UTF_8));
    if (after != null && !all.contains(after)) {
      throw new IllegalArgumentException("after is no key that begins with '" + prefix + "'");
    }
    return () -> page(actor, after == null ? all : all.beyond(after), limit);
  }

  private JsonObject page(ActorId actor, KeySpan span, int limit) {
    actors.known(actor);
    ValueCodec codec = actors.codecOf(actor);
    JsonArray values = new JsonArray();
    KeySpan rest = span;
    byte @Nullable [] last = null;
    long bytes = 0;
    boolean isMore = true;
    while (isMore && values.size() < limit && bytes < PAGE_BYTES_MAX) {
      int wanted = Math.min(READ_AT_ONCE, limit - values.size());
      List<Row> rows = actors.store().scan(actor, Table.VALUE, rest, wanted);
      isMore = rows.size() == wanted || ActorStore.isFull(rows);
      for (Row row : rows) {
        values.add(value(actor, row, codec));
        bytes += row.bytes();
        last = row.key();
        rest = rest.beyond(last);
      }
    }
    String next = isMore && last != null ? HexFormat.of().formatHex(last) : null;
    return new JsonObject().put("values", values).put("next", next);
  }

  private JsonObject value(ActorId actor, Row row, ValueCodec codec) {
    JsonObject json = json(row.key());
    try {
      byte[] value = actors.valueOf(actor, Table.VALUE, row);
      json.put("bytes", value.length);
      if (value.length <= PREVIEW_BYTES_MAX) {
        StoredActors.describe(json, "value", value, codec);
      }
    } catch (CorruptRowException e) {
      json.put("fault", String.valueOf(e.getMessage()));
    }
    return json;
  }

  private static JsonObject json(byte[] key) {
    return new JsonObject().put("id", HexFormat.of().formatHex(key)).put("key", nameOf(key));
  }

  /** Returns a storage key as text; a key that is not UTF-8 was not written by an actor. */
  private static String nameOf(byte[] key) {
    String text = new String(key, StandardCharsets.UTF_8);
    return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), key)
        ? text
        : "0x" + HexFormat.of().formatHex(key);
  }

  private Callable<JsonObject> value(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    byte[] key = PageParams.hex(context, "key", ActorOptions.STORAGE_KEY_BYTES_CEILING);
    if (key == null) {
      throw new IllegalArgumentException("key is missing");
    }
    return () -> value(actor, key);
  }

  private JsonObject value(ActorId actor, byte[] key) {
    actors.known(actor);
    byte[] value = actors.store().get(actor, Table.VALUE, key);
    if (value == null) {
      throw new StoreReads.Refusal(404, "actor " + actor + " has no value '" + nameOf(key) + "'");
    }
    if (value.length > StoredActors.DECODED_BYTES_MAX) {
      throw new StoreReads.Refusal(
          413,
          "the value has %s bytes, of which %s are shown at most; the command dump shows it"
              .formatted(value.length, StoredActors.DECODED_BYTES_MAX));
    }
    JsonObject json = json(key).put("bytes", value.length);
    StoredActors.describe(json, "value", value, actors.codecOf(actor));
    return json;
  }
}
