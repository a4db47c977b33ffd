package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks, with many threads at once, that handlers still run one at a time, in order, and that
 * nothing is lost or doubled.
 */
class StormTest {
  private static final int ACTORS = 4;
  private static final int CONNECTIONS = 6;
  private static final int MESSAGES = 400;

  @TempDir private Path folder;

  /** Counts in attachment and storage, and notices a second thread. */
  private static final class Watchful extends Script {
    private final Map<ActorId, AtomicBoolean> inside = new ConcurrentHashMap<>();
    private final AtomicInteger collisions = new AtomicInteger();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      AtomicBoolean busy = inside.computeIfAbsent(self.name(), id -> new AtomicBoolean());
      if (!busy.compareAndSet(false, true)) {
        collisions.incrementAndGet();
      }
      Note note = ((Note) from.attachment()).counted();
      from.attach(note);
      long total = self.store().get("total", Long.class).orElse(0L) + 1;
      self.store().put("total", total);
      from.send(text + " " + note.count() + " " + total);
      busy.set(false);
    }
  }

  /** One client, which sends the next message when the previous one is answered. */
  private static final class Client {
    private final ActorHost host;
    private final ActorId actor;
    private final ConnectionId id;
    private final CountDownLatch done;
    private final List<String> answers = new ArrayList<>();

    Client(ActorHost host, ActorId actor, ConnectionId id, CountDownLatch done) {
      this.host = host;
      this.actor = actor;
      this.id = id;
      this.done = done;
    }

    synchronized void hear(ToGateway record) {
      if (record instanceof ToGateway.Accepted) {
        send(1);
      } else if (record instanceof ToGateway.Send send) {
        answers.add(((Payload.Text) send.payload()).string());
        if (answers.size() < MESSAGES) {
          send(answers.size() + 1);
        } else {
          done.countDown();
        }
      }
    }

    private void send(int number) {
      host.accept(new ToHost.Message(actor, id, number, Payload.text("m" + number)));
    }
  }

  @Test
  void inMemory() throws Exception {
    storm(Stores.memory(new MemoryDisk()));
  }

  @Test
  void onDiskWithoutFsync() throws Exception {
    storm(Stores.open(StoreOptions.in(folder.resolve("wal")).durability(Durability.WAL)));
  }

  @Test
  void onDiskWithFsync() throws Exception {
    storm(Stores.open(StoreOptions.in(folder.resolve("fsync"))));
  }

  private static void storm(NodeStore store) throws Exception {
    Watchful script = new Watchful();
    Map<ConnectionId, Client> clients = new ConcurrentHashMap<>();
    CountDownLatch done = new CountDownLatch(ACTORS * CONNECTIONS);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    DirectTransport transport = new DirectTransport();
    ActorHost host =
        new ActorHost(
            List.of(
                new ActorType(
                    "room",
                    () -> new Script.Actor(script),
                    Codecs.kryo(List.of(Note.class)),
                    id -> threads,
                    ActorOptions.defaults())),
            store,
            transport,
            Time.system(),
            HostOptions.defaults().withIdle(Duration.ZERO));
    transport.connect(host, record -> deliver(clients, (Release) record));
    AtomicBoolean isOver = new AtomicBoolean();
    Thread sandman =
        new Thread(
            () -> {
              for (int i = 0; !isOver.get(); i++) {
                host.tick();
                host.hibernate(new ActorId("room", "r" + i % ACTORS))
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
              }
            },
            "sandman");
    try {
      sandman.start();
      for (int i = 0; i < ACTORS * CONNECTIONS; i++) {
        ActorId actor = new ActorId("room", "r" + i % ACTORS);
        ConnectionId id = ConnectionId.of(store.run(), i + 1L);
        clients.put(id, new Client(host, actor, id, done));
        host.accept(new ToHost.Open(actor, id, head("c" + i), null));
      }
      assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
      isOver.set(true);
      sandman.join(Duration.ofSeconds(30).toMillis());
      assertThat(sandman.isAlive()).isFalse();
      host.stop().get(10, TimeUnit.SECONDS);
      assertThat(script.collisions).hasValue(0);
      clients.values().forEach(StormTest::checkAnswers);
      for (int i = 0; i < ACTORS; i++) {
        ActorStatus status = host.status(new ActorId("room", "r" + i));
        assertThat(status.connections()).isEqualTo(CONNECTIONS);
        assertThat(status.wakes()).isGreaterThan(1);
      }
    } finally {
      isOver.set(true);
      threads.shutdownNow();
      store.close();
    }
  }

  private static void deliver(Map<ConnectionId, Client> clients, Release release) {
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Accepted accepted) {
        clients.get(accepted.connection()).hear(record);
      } else if (record instanceof ToGateway.Send send) {
        clients.get(send.connection()).hear(record);
      }
    }
  }

  /**
   * Checks that a client's own messages come in order, its own count has no gap, and the actor's
   * total always grows.
   */
  private static void checkAnswers(Client client) {
    long lastTotal = 0;
    for (int i = 0; i < MESSAGES; i++) {
      String[] words = client.answers.get(i).split(" ");
      assertThat(words[0]).isEqualTo("m" + (i + 1));
      assertThat(words[1]).isEqualTo("" + (i + 1));
      assertThat(Long.parseLong(words[2])).isGreaterThan(lastTotal);
      lastTotal = Long.parseLong(words[2]);
    }
    assertThat(lastTotal).isLessThanOrEqualTo((long) CONNECTIONS * MESSAGES);
  }

  private static RequestHead head(String name) {
    return new RequestHead(
        "GET", "/", Map.of("name", List.of(name)), List.of(new Header("Host", "x")), "");
  }
}
