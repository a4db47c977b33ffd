package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * Reads stored actors for pages, whether their types are registered or not. The reads wake no
 * actor.
 */
record StoredActors(ActorHost host, ActorStore store) {
  /** The most bytes of a value that is decoded to be shown. */
  static final int DECODED_BYTES_MAX = 256 << 10;

  /**
   * Returns the status of an actor that is or was stored.
   *
   * @throws StoreReads.Refusal with 404 if nothing is stored of the actor
   */
  ActorStatus known(ActorId actor) {
    ActorStatus status = host.status(actor);
    if (status.state() == ActorStatus.State.INACTIVE && status.wakes() == 0) {
      throw new StoreReads.Refusal(404, "there is no actor " + actor);
    }
    return status;
  }

  ValueCodec codecOf(ActorId actor) {
    ValueCodec codec = host.codec(actor.type());
    return codec == null ? Codecs.kryo(List.of()) : codec;
  }

  /** Returns the value of a row; if it could not be read, a second read reports the reason. */
  byte[] valueOf(ActorId actor, Table table, Row row) {
    byte[] value = row.value();
    byte[] read = value == null ? store.get(actor, table, row.key()) : value;
    if (read == null) {
      throw new CorruptRowException("the row is gone", null);
    }
    return read;
  }

  /** Adds the cut form of a value to JSON, and whether something of the value is left out. */
  static void describe(JsonObject json, String name, byte[] bytes, ValueCodec codec) {
    if (bytes.length > DECODED_BYTES_MAX) {
      json.put("isCut", true);
      return;
    }
    Shown shown = new Shown();
    json.put(name, shown.of(codec.describe(bytes))).put("isCut", shown.isCut());
  }
}
