package dev.dormouse.examples.bench.jmh;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Measures one message through the host: mailbox, turn, commit to memory, release. Everything runs
 * on one thread, without socket and disk.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // set by JMH, or by the set-up
public class TurnBenchmark {
  private static final ActorId ID = new ActorId("bench", "one");

  /** The handler's work besides its answer. */
  @Param({"nothing", "attach", "put"})
  public String stored;

  /** States whether an observer is told of turns. */
  @Param({"off", "on"})
  public String observer;

  private ActorHost host;
  private ConnectionId connection;
  private Payload message;
  private long sequence;

  private static final class Answering extends WebSocketActor<Integer> {
    private final String stored;

    Answering(String stored) {
      this.stored = stored;
    }

    @Override
    protected void onUpgrade(Upgrade<Integer> upgrade) {
      upgrade.accept(0);
    }

    @Override
    protected void onMessage(Connection<Integer> from, String text) {
      from.send(text);
      if (stored.equals("attach")) {
        from.attach(from.attachment() + 1);
      } else if (stored.equals("put")) {
        storage().put("last", text);
      }
    }
  }

  /** Creates a host with one actor, which has one connection. */
  @Setup
  public void connect() {
    ActorType type =
        new ActorType(
            "bench",
            () -> new Answering(stored),
            Codecs.kryo(List.of()),
            id -> Runnable::run,
            ActorOptions.defaults());
    NodeStore store = Stores.memory(new MemoryDisk());
    Observers observers = new Observers(Time.system());
    if (observer.equals("on")) {
      observers.add(new DormouseObserver() {});
    }
    DirectTransport transport = new DirectTransport();
    host =
        new ActorHost(
            List.of(type), store, transport, Time.system(), HostOptions.defaults(), observers);
    transport.connect(host, release -> {});
    connection = ConnectionId.of(store.run(), 1);
    RequestHead head = new RequestHead("GET", "/", Map.of(), List.of(), "");
    host.accept(new ToHost.Open(ID, connection, head, null));
    message = Payload.text("x".repeat(128));
  }

  /** Measures the echo of a text of 128 bytes. */
  @Benchmark
  public void message() {
    host.accept(new ToHost.Message(ID, connection, ++sequence, message));
  }
}
