package dev.dormouse.examples.bench.jmh;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Measures a look at 100,000 actors in memory, none of which is to hibernate yet. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init") // set by JMH, or by the set-up
public class IdleTickBenchmark {
  private static final int ACTORS = 100_000;

  private ActorHost host;

  private static final class Answering extends WebSocketActor<Void> {}

  /** Activates the actors. */
  @Setup
  public void activate() {
    ActorType type =
        new ActorType(
            "bench",
            Answering::new,
            Codecs.kryo(List.of()),
            id -> Runnable::run,
            ActorOptions.defaults());
    DirectTransport transport = new DirectTransport();
    host =
        new ActorHost(
            List.of(type),
            Stores.memory(new MemoryDisk()),
            transport,
            Time.system(),
            HostOptions.defaults().withIdle(Duration.ofDays(1)));
    transport.connect(host, release -> {});
    RequestHead head = new RequestHead("GET", "/", Map.of(), List.of(), "");
    for (int i = 0; i < ACTORS; i++) {
      host.accept(new ToHost.Request(new ActorId("bench", "k" + i), i, head, new byte[0]));
    }
  }

  /** Measures one tick of the host's clock. */
  @Benchmark
  public void tick() {
    host.tick();
  }
}
