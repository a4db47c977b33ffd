package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A group that moves between two hosts again and again, on real threads, while gateways send: every
 * message that is answered is stored, and the last owner serves every actor.
 */
class MovesStormTest {
  private static final int MOVES = 150;
  private static final int GATEWAYS = 3;
  private static final int ROOMS = 4;

  private final MemoryDisk disk = new MemoryDisk();
  private final ExecutorService turns = Executors.newFixedThreadPool(4);
  private final ExecutorService commits = Executors.newSingleThreadExecutor();
  private final ExecutorService gateways = Executors.newFixedThreadPool(GATEWAYS);

  /** The answers to upgrades and messages; a message is {@code connection sequence}. */
  private final Map<String, CompletableFuture<Void>> answers = new ConcurrentHashMap<>();

  /** The messages that a host has answered. */
  private final Set<String> kept = ConcurrentHashMap.newKeySet();

  private volatile boolean isOver;

  /** The messages whose turns write something. */
  private final Set<String> writing = ConcurrentHashMap.newKeySet();

  /** A store that is asked for the groups only. */
  private final NodeStore groups = Stores.memoryOn(new MemoryDisk(), "groups", System::nanoTime);

  private final List<Node> nodes = List.of(new Node("a"), new Node("b"));
  private final List<ActorId> rooms = rooms();

  /** The owner and its epoch; gateways announce their sockets when it has changed. */
  private volatile Owned owned = move(0);

  private record Owned(Node node, long epoch) {}

  @AfterEach
  void end() {
    List.of(turns, commits, gateways).forEach(ExecutorService::shutdownNow);
  }

  private static final class Notes extends Script {
    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      if (!text.startsWith("look")) {
        self.store().put(text, 1);
      }
      from.send(text);
    }
  }

  private final class Node implements Transport {
    final NodeStore bare;
    final NodeStore store;
    final ActorHost host;

    Node(String name) {
      bare = Stores.memoryOn(disk, name, System::nanoTime);
      store = slow(bare);
      ActorType type =
          new ActorType(
              "room",
              () -> new Script.Actor(new Notes()),
              Codecs.kryo(List.of(Script.Note.class)),
              id -> turns,
              ActorOptions.defaults());
      host =
          new ActorHost(
              List.of(type),
              store,
              this,
              name,
              new Unplaced(),
              ActorHost.NO_ROUTE,
              Time.system(),
              HostOptions.defaults(),
              new Observers(Time.system()));
      store.listen(host);
    }

    /** Returns a store whose commits and confirmations are made by another thread. */
    private NodeStore slow(NodeStore fast) {
      return (NodeStore)
          Proxy.newProxyInstance(
              NodeStore.class.getClassLoader(),
              new Class<?>[] {NodeStore.class},
              (proxy, method, arguments) -> {
                try {
                  if (!CompletionStage.class.isAssignableFrom(method.getReturnType())) {
                    return method.invoke(fast, arguments);
                  }
                  return CompletableFuture.supplyAsync(
                          () -> {
                            try {
                              return (CompletionStage<?>) method.invoke(fast, arguments);
                            } catch (ReflectiveOperationException e) {
                              throw new IllegalStateException(e);
                            }
                          },
                          commits)
                      .thenCompose(result -> result);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    @Override
    public void toHost(Owner owner, ToHost record) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void toGateway(long gateway, FromHost record) {
      if (record instanceof Release release) {
        for (ToGateway each : release.records()) {
          if (each instanceof ToGateway.Handled handled) {
            String message = handled.connection() + " " + handled.sequence();
            kept.add(message);
            answer(message).complete(null);
          } else if (each instanceof ToGateway.Accepted accepted) {
            answer(accepted.connection().toString()).complete(null);
          }
        }
      }
    }

    @Override
    public void connect(HostEnd host, GatewayEnd gateway) {}
  }

  private CompletableFuture<Void> answer(String to) {
    return answers.computeIfAbsent(to, key -> new CompletableFuture<>());
  }

  private void await(String answer) throws Exception {
    assertThat(answer(answer).get(20, TimeUnit.SECONDS)).as(answer).isNull();
  }

  private final class Unplaced implements Placement {
    @Override
    public int groups() {
      return groups.groups().groups();
    }

    @Override
    public int groupOf(ActorId actor) {
      return groups.groupOf(actor);
    }

    @Override
    public @Nullable Owner ownerOf(int group) {
      return null;
    }

    @Override
    public boolean isFixed() {
      return false;
    }
  }

  /** Returns rooms of one group. */
  private List<ActorId> rooms() {
    int group = groups.groupOf(new ActorId("room", "0"));
    return IntStream.range(0, 100_000)
        .mapToObj(i -> new ActorId("room", String.valueOf(i)))
        .filter(id -> groups.groupOf(id) == group)
        .limit(ROOMS)
        .toList();
  }

  private int group() {
    return groups.groupOf(rooms.get(0));
  }

  private Owned move(int to) {
    Node next = nodes.get(to);
    disk.give(group(), next.bare);
    return new Owned(next, next.bare.epoch(group()));
  }

  /** A gateway with one connection to each room. */
  private final class Gateway implements Runnable {
    final long run;
    private final Random dice;
    private final long[] sequences = new long[ROOMS];
    private @Nullable Owned attached;

    Gateway(int number) {
      run = 50L + number;
      dice = new Random(number);
    }

    ConnectionId connection(int room) {
      return ConnectionId.of(run, room + 1);
    }

    private void tell(ToHost record) {
      Owned now = owned;
      if (!now.equals(attached)) {
        long[] sockets = IntStream.range(0, ROOMS).mapToLong(i -> connection(i).value()).toArray();
        now.node.host.accept(run, now.epoch, new ToHost.Announce(group(), 1, sockets, true, true));
        attached = now;
      }
      now.node.host.accept(run, now.epoch, record);
    }

    void connect() throws Exception {
      for (int room = 0; room < ROOMS; room++) {
        tell(new ToHost.Open(rooms.get(room), connection(room), TestHost.head("a", "b"), null));
        MovesStormTest.this.await(connection(room).toString());
      }
    }

    /** Sends a message; returns how its answer is named. */
    String send(int room, boolean isWriting) {
      ConnectionId from = connection(room);
      String message = from + " " + ++sequences[room];
      if (isWriting) {
        writing.add(message);
      }
      tell(
          new ToHost.Message(
              rooms.get(room), from, sequences[room], Payload.text(isWriting ? message : "look")));
      return message;
    }

    @Override
    public void run() {
      for (int i = 0; !isOver; i++) {
        send(dice.nextInt(ROOMS), dice.nextInt(4) > 0);
        if (dice.nextInt(50) == 0) {
          owned.node.host.broken(run);
          attached = null;
        }
        if (i % 16 == 0) {
          awaitAnswer(dice.nextInt(ROOMS));
        }
      }
    }

    /** Waits for the answer to a message, which may be lost with its owner. */
    private void awaitAnswer(int room) {
      CompletableFuture<Void> last = answer(connection(room) + " " + sequences[room]);
      boolean unused =
          last.completeOnTimeout(null, 2, TimeUnit.MILLISECONDS).isCompletedExceptionally();
      last.join();
    }
  }

  @Test
  void whatIsAnsweredIsStoredAndTheLastOwnerServesEveryActor() throws Exception {
    List<Gateway> senders = IntStream.range(0, GATEWAYS).mapToObj(Gateway::new).toList();
    for (Gateway sender : senders) {
      sender.connect();
    }
    Gateway probe = new Gateway(GATEWAYS);
    probe.connect();
    List<Future<?>> running = new ArrayList<>();
    senders.forEach(sender -> running.add(gateways.submit(sender)));
    for (int i = 1; i <= MOVES; i++) {
      if (i % 3 == 0) {
        CompletionStage<Void> left = owned.node.host.giveUp(group(), null, Duration.ofSeconds(20));
        assertThat(left.toCompletableFuture().get(10, TimeUnit.SECONDS)).isNull();
      }
      owned = move(i % 5 == 0 ? nodes.indexOf(owned.node) : 1 - nodes.indexOf(owned.node));
      for (int room = 0; room < ROOMS; room++) {
        String message = probe.send(room, true);
        if (i % 2 == 0) {
          await(message);
        }
      }
    }
    isOver = true;
    for (Future<?> each : running) {
      assertThat(each.get(20, TimeUnit.SECONDS)).isNull();
    }
    for (int room = 0; room < ROOMS; room++) {
      for (Gateway sender : senders) {
        await(sender.send(room, true));
      }
    }
    Set<String> stored = new HashSet<>();
    for (ActorId room : rooms) {
      for (byte[] key : nodes.get(0).bare.keys(room, Table.VALUE, KeySpan.all(), 10_000_000)) {
        stored.add(new String(key, StandardCharsets.UTF_8));
      }
    }
    Set<String> lost = new HashSet<>(kept);
    lost.retainAll(writing);
    assertThat(lost).hasSizeGreaterThan(MOVES);
    lost.removeAll(stored);
    assertThat(lost).isEmpty();
    assertThat(nodes.get(1 - nodes.indexOf(owned.node)).host.activeActors()).isZero();
    for (Node node : nodes) {
      assertThat(node.host.stop().get(20, TimeUnit.SECONDS)).isNull();
      assertThat(node.host.unsettledBytes()).isZero();
    }
  }
}
