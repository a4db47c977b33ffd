package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.Codecs;
import dev.dormouse.storage.CorruptRowException;
import dev.dormouse.storage.Table;
import dev.dormouse.storage.ValueCodec;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What pages read of stored actors, whether their types are registered or not. Wakes nobody. */
record StoredActors(ActorHost host, ActorStore store) {
  /** What has more bytes is not decoded to be shown. */
  static final int DECODED_BYTES_MAX = 256 << 10;

  /**
   * The status of an actor that there is, or was.
   *
   * @throws StoreReads.Refusal 404 if nothing is stored of it
   */
  ActorStatus known(ActorId actor) {
    ActorStatus status = host.status(actor);
    if (status.state() == ActorStatus.State.INACTIVE && status.activation() == 0) {
      throw new StoreReads.Refusal(404, "there is no actor " + actor);
    }
    return status;
  }

  ValueCodec codecOf(ActorId actor) {
    ValueCodec codec = host.codec(actor.type());
    return codec == null ? Codecs.kryo(List.of()) : codec;
  }

  /** The value of a row; if it could not be read, a second read tells why. */
  byte[] valueOf(ActorId actor, Table table, Row row) {
    byte[] value = row.value();
    byte[] read = value == null ? store.get(actor, table, row.key()) : value;
    if (read == null) {
      throw new CorruptRowException("the row is gone", null);
    }
    return read;
  }

  /** Puts what is shown of a value, and whether something of it is left out. */
  static void describe(JsonObject json, String name, byte[] bytes, ValueCodec codec) {
    if (bytes.length > DECODED_BYTES_MAX) {
      json.put("isCut", true);
      return;
    }
    Shown shown = new Shown();
    json.put(name, shown.of(codec.describe(bytes))).put("isCut", shown.isCut());
  }
}
