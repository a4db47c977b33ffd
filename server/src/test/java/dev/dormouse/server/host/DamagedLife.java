package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.spi.CallHandlers;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.rows.DamagedRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.codec.ValueCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A life of a process with rooms, some of whose rows may be damaged; it keeps everything that was
 * said in it.
 */
final class DamagedLife {
  final Steps steps = new Steps();
  final ManualTime time = new ManualTime();
  final NodeStore plain;
  final DamagedRows damage;
  final List<ToGateway> said = new ArrayList<>();
  final ActorHost host;
  private long connections;
  private long messages;

  DamagedLife(MemoryDisk disk, Script script, ValueCodec codec, Class<?> attachment) {
    plain = Stores.memory(disk);
    damage = new DamagedRows(plain);
    ActorType type =
        new ActorType(
            "room",
            () -> new Actor(script),
            CallHandlers.none(),
            codec,
            attachment,
            attachment == Object.class,
            id -> steps,
            ActorOptions.defaults());
    DirectTransport transport = new DirectTransport();
    host = new ActorHost(List.of(type), damage.store(), transport, time, HostOptions.defaults());
    transport.connect(host, record -> said.addAll(((Release) record).records()));
  }

  void accept(ToHost event) {
    host.accept(event);
    steps.runAll();
  }

  ConnectionId connect(ActorId actor) {
    ConnectionId id = ConnectionId.of(plain.run(), ++connections);
    accept(new ToHost.Open(actor, id, head(), null));
    return id;
  }

  void message(ActorId actor, ConnectionId from, String text) {
    accept(new ToHost.Message(actor, from, ++messages, Payload.text(text)));
  }

  void close(ActorId actor, ConnectionId gone) {
    accept(new ToHost.Closed(actor, gone, new CloseReason(1000, "", CloseReason.Cause.CLIENT)));
  }

  void hibernate(ActorId actor) {
    CompletableFuture<Boolean> dropped = host.hibernate(actor);
    steps.runAll();
    assertThat(dropped).isDone();
  }

  byte[] row(ActorId actor, RowKey key) {
    return plain.get(actor, key.table(), key.bytes());
  }

  void write(ActorId actor, RowKey key, byte[] value) {
    plain
        .commit(
            new TurnBatch(
                actor,
                plain.epochOf(actor),
                List.of(new TurnBatch.Write(key.table(), key.bytes(), value))))
        .toCompletableFuture()
        .join();
  }

  /** Returns the texts that were sent since the last call, each behind its connection. */
  List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (ToGateway record : heard()) {
      if (record instanceof ToGateway.Send send && send.payload() instanceof Payload.Text text) {
        texts.add(send.connection() + " " + text.string());
      }
    }
    return texts;
  }

  List<ToGateway> heard() {
    List<ToGateway> heard = List.copyOf(said);
    said.clear();
    return heard;
  }

  static RequestHead head() {
    return new RequestHead("GET", "/room/one", Map.of(), List.of(), "");
  }
}
