package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Random walks of two gateways and one actor: links break, commits are lost, processes die, and
 * gateways repeat what is unanswered. Whatever the order, each message, request and close takes
 * effect at most once, and exactly once if its gateway was told so.
 */
@Tag("once") // a walk has one thread, and is the same on every JVM
class RepeatsWalkTest {
  private static final int WALKS = 400;
  private static final int STEPS = 150;
  private static final int HEALING_MAX = 500;
  private static final ActorId ROOM = TestHost.ROOM;
  private static final ValueCodec CODEC = Codecs.kryo(List.of(Script.Note.class));
  private static final Logger HOST = (Logger) LoggerFactory.getLogger("dev.dormouse.server.host");

  @BeforeAll
  static void beQuiet() {
    HOST.setLevel(Level.OFF); // turns fail on purpose, thousands of times
  }

  @AfterAll
  static void beLoud() {
    HOST.setLevel(null);
  }

  /** Counts in the store how often each message, request and close took effect. */
  private static final class Counting extends Script {
    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      act(self, text);
      from.send("done " + text);
    }

    private static void act(Actor self, String text) {
      if (!text.startsWith("look")) {
        self.store().increment(text, 1);
      }
      if (text.startsWith("fail")) {
        throw new IllegalStateException("as the dice say");
      }
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      self.store().increment("close " + gone.id(), 1);
    }

    @Override
    HttpAnswer onRequest(Actor self, HttpRequest request) {
      act(self, request.head().query("do").orElseThrow());
      return HttpResponse.text(201, "done");
    }
  }

  /** A socket of a gateway. */
  private static final class Socket {
    final ConnectionId id;
    final ArrayDeque<ToHost.Message> window = new ArrayDeque<>();
    long sequence;

    Socket(ConnectionId id) {
      this.id = id;
    }
  }

  /** A gateway, as the protocol asks it to be. */
  private final class Gateway {
    final long run;
    final ArrayDeque<FromHost> underWay = new ArrayDeque<>();
    final Map<Long, Socket> sockets = new LinkedHashMap<>();
    final Set<Long> upgrades = new LinkedHashSet<>();
    final Map<Long, ToHost.Closed> closes = new LinkedHashMap<>();
    final Map<Long, ToHost.Request> requests = new TreeMap<>();
    long numbers;
    long requestNumbers;

    Gateway(long run) {
      this.run = run;
    }

    void tell(ToHost record) {
      node.host.accept(run, node.store.epochOf(ROOM), record);
    }

    void upgrade() {
      ConnectionId id = ConnectionId.of(run, ++numbers);
      upgrades.add(id.value());
      tell(new ToHost.Open(ROOM, id, TestHost.head("a", "b"), null));
    }

    void message(Socket socket) {
      String text = word() + " message " + socket.id + " " + ++socket.sequence;
      ToHost.Message message =
          new ToHost.Message(ROOM, socket.id, socket.sequence, Payload.text(text), true);
      socket.window.add(message);
      tell(new ToHost.Message(ROOM, socket.id, socket.sequence, Payload.text(text), false));
    }

    void request() {
      long number = ConnectionId.of(run, ++requestNumbers).value();
      requests.put(number, request(number, word() + " request " + number, true));
      tell(request(number, text(requests.get(number)), false));
    }

    private ToHost.Request request(long number, String text, boolean isRepeat) {
      long settled = requests.keySet().stream().min(Long::compare).orElse(number);
      return new ToHost.Request(
          ROOM, number, TestHost.head("do", text), new byte[0], settled, isRepeat);
    }

    void close(long id) {
      sockets.remove(id);
      ToHost.Closed closed =
          new ToHost.Closed(
              ROOM, new ConnectionId(id), CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST));
      closes.put(id, closed);
      tell(closed);
    }

    /** The link was broken, or there is another host: announces and repeats. */
    void attach() {
      underWay.clear();
      long[] announced =
          LongStream.concat(
                  sockets.keySet().stream().mapToLong(id -> id),
                  closes.keySet().stream().mapToLong(id -> id))
              .toArray();
      int group = node.store.groupOf(ROOM);
      if (announced.length > 1) {
        long[] head = Arrays.copyOf(announced, 1);
        long[] tail = Arrays.copyOfRange(announced, 1, announced.length);
        tell(new ToHost.Announce(group, numbers + 1, head, true, false));
        tell(new ToHost.Announce(group, numbers + 1, tail, false, true));
      } else {
        tell(new ToHost.Announce(group, numbers + 1, announced, true, true));
      }
      sockets.values().forEach(socket -> socket.window.forEach(this::tell));
      closes.values().forEach(this::tell);
      requests.values().forEach(this::tell);
      int again = upgrades.size();
      upgrades.clear();
      for (int i = 0; i < again; i++) {
        upgrade();
      }
    }

    void takeOne() {
      FromHost record = underWay.poll();
      if (record instanceof FromHost.Unknown unknown) {
        for (long id : unknown.connections()) {
          if (sockets.containsKey(id)) {
            happened("a live socket is unknown");
            close(id);
          }
        }
      } else if (record instanceof Release release) {
        release.records().forEach(this::take);
      }
    }

    private void take(ToGateway record) {
      if (record instanceof ToGateway.Accepted accepted) {
        long id = accepted.connection().value();
        if (upgrades.remove(id)) {
          sockets.put(id, new Socket(accepted.connection()));
          opened.add(accepted.connection());
        } else {
          happened("an upgrade is accepted too late");
          close(id);
        }
      } else if (record instanceof ToGateway.Rejected rejected) {
        upgrades.remove(rejected.connection().value());
      } else if (record instanceof ToGateway.Handled handled) {
        Socket socket = sockets.get(handled.connection().value());
        while (socket != null
            && !socket.window.isEmpty()
            && socket.window.peek().sequence() <= handled.sequence()) {
          answered
              .computeIfAbsent(socket.id, id -> new ArrayList<>())
              .add(((Payload.Text) socket.window.remove().payload()).string());
        }
      } else if (record instanceof ToGateway.Close close) {
        closedByHost.add(close.connection());
        happened("closed with " + close.code());
        if (sockets.containsKey(close.connection().value())) {
          close(close.connection().value());
        }
      } else if (record instanceof ToGateway.Ended ended) {
        closes.remove(ended.connection().value());
        happened("a close has ended");
        sockets.remove(ended.connection().value());
      } else if (record instanceof ToGateway.Responded responded) {
        ToHost.Request request = requests.remove(responded.request());
        happened("a request is answered with " + responded.response().status());
        if (request != null && responded.response().status() == 201) {
          done.add(text(request));
        }
      }
    }
  }

  private static String text(ToHost.Request request) {
    return request.head().query("do").orElseThrow();
  }

  /** A process with a host on the disk. */
  private final class Node implements Placement {
    final HeldStore store = new HeldStore(Stores.memory(disk));
    final Steps steps = new Steps();
    final ManualTime time = new ManualTime();
    final ActorHost host;

    Node() {
      ActorType type =
          new ActorType(
              "room",
              () -> new Script.Actor(new Counting()),
              CODEC,
              id -> steps,
              ActorOptions.defaults());
      host =
          new ActorHost(
              List.of(type),
              store,
              new Links(),
              "",
              this,
              ActorHost.NO_ROUTE,
              time,
              HostOptions.defaults(),
              new Observers(time));
      store.listen(host);
      store.hold();
    }

    @Override
    public int groups() {
      return store.groups().groups();
    }

    @Override
    public int groupOf(ActorId actor) {
      return store.groupOf(actor);
    }

    @Override
    public Owner ownerOf(int group) {
      return new Owner("", store.epoch(group));
    }

    @Override
    public boolean isFixed() {
      return false;
    }

    /** Hands releases to the gateways, whose order is kept. */
    private final class Links implements Transport {
      @Override
      public void toHost(Owner owner, ToHost record) {
        throw new AssertionError("gateways call the host");
      }

      @Override
      public void toGateway(long run, FromHost record) {
        if (node == Node.this) {
          gateways.get(run).underWay.add(record);
        }
      }

      @Override
      public void connect(HostEnd end, GatewayEnd gateway) {}
    }
  }

  private MemoryDisk disk;
  private Random dice;
  private Node node;
  private Map<Long, Gateway> gateways;
  private final Set<ConnectionId> opened = new LinkedHashSet<>();
  private final Set<ConnectionId> closedByHost = new LinkedHashSet<>();
  private final Map<ConnectionId, List<String>> answered = new HashMap<>();
  private final List<String> done = new ArrayList<>();

  /** How often the walks came upon what they are for. */
  private final Map<String, Integer> happenings = new TreeMap<>();

  private void happened(String what) {
    happenings.merge(what, 1, Integer::sum);
  }

  private String word() {
    int chance = dice.nextInt(10);
    return chance < 6 ? "set" : chance < 9 ? "look" : "fail";
  }

  private <T> T any(Iterable<T> all, int size) {
    int left = dice.nextInt(size);
    for (T each : all) {
      if (left-- == 0) {
        return each;
      }
    }
    throw new AssertionError("the size was wrong");
  }

  @Test
  void whateverTheOrderEachEventTakesEffectOnce() {
    for (int seed = 0; seed < WALKS; seed++) {
      try {
        walk(seed);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("the walk of seed " + seed + " failed: " + e.getMessage(), e);
      }
    }
    assertThat(happenings)
        .as("the walks come upon what they are for")
        .containsKeys("closed with 1012", "an upgrade is accepted too late", "a close has ended");
  }

  private void walk(int seed) {
    disk = new MemoryDisk();
    dice = new Random(seed);
    gateways = new TreeMap<>();
    opened.clear();
    closedByHost.clear();
    answered.clear();
    done.clear();
    gateways.put(7L, new Gateway(7));
    gateways.put(8L, new Gateway(8));
    node = new Node();
    gateways.values().forEach(Gateway::attach);
    for (int i = 0; i < STEPS; i++) {
      step();
    }
    heal();
    check();
  }

  private void step() {
    Gateway gateway = any(gateways.values(), gateways.size());
    int chance = dice.nextInt(100);
    if (chance < 6) {
      gateway.upgrade();
    } else if (chance < 22 && !gateway.sockets.isEmpty()) {
      Socket socket = any(gateway.sockets.values(), gateway.sockets.size());
      if (socket.window.size() < Transport.CREDIT) {
        gateway.message(socket);
      }
    } else if (chance < 30) {
      gateway.request();
    } else if (chance < 33 && !gateway.sockets.isEmpty()) {
      gateway.close(any(gateway.sockets.keySet(), gateway.sockets.size()));
    } else if (chance < 55) {
      node.steps.runOne();
    } else if (chance < 72 && node.store.waiting() > 0) {
      node.store.letThrough();
    } else if (chance < 74 && node.store.waiting() > 0) {
      lose();
    } else if (chance < 92) {
      gateway.takeOne();
    } else if (chance < 95) {
      node.host.broken(gateway.run);
      gateway.attach();
    } else if (chance < 96) {
      node = new Node();
      gateways.values().forEach(Gateway::attach);
    } else if (chance < 97) {
      var unused = node.host.hibernate(ROOM);
    } else if (chance < 99) {
      node.host.ringAlarms();
    } else {
      node.time.advance(Duration.ofMillis(250));
      node.host.tick();
    }
  }

  private void lose() {
    CommitResult loss = new CommitResult.Unknown(new IllegalStateException("as the dice say"));
    if (dice.nextBoolean()) {
      node.store.keepButLose(loss);
    } else {
      node.store.lose(loss);
    }
  }

  /** Lets everything come to its end: nothing is lost any more, and all sockets are closed. */
  private void heal() {
    node.store.letAllThrough();
    gateways.values().forEach(gateway -> node.host.broken(gateway.run));
    gateways.values().forEach(Gateway::attach);
    for (int i = 0; i < HEALING_MAX && !isOver(); i++) {
      node.steps.runAll();
      node.host.ringAlarms();
      for (Gateway gateway : gateways.values()) {
        while (!gateway.underWay.isEmpty()) {
          gateway.takeOne();
        }
        List.copyOf(gateway.sockets.values()).stream()
            .filter(socket -> socket.window.isEmpty())
            .forEach(socket -> gateway.close(socket.id.value()));
      }
      node.time.advance(Duration.ofMillis(100));
      node.host.tick();
    }
    assertThat(isOver()).as("everything comes to its end").isTrue();
  }

  private boolean isOver() {
    return node.host.owedCloses() == 0
        && connections().isEmpty()
        && gateways.values().stream()
            .allMatch(
                gateway ->
                    gateway.sockets.isEmpty()
                        && gateway.upgrades.isEmpty()
                        && gateway.closes.isEmpty()
                        && gateway.requests.isEmpty()
                        && gateway.underWay.isEmpty());
  }

  private List<byte[]> connections() {
    return node.store.keys(ROOM, Table.CONNECTION, KeySpan.all(), 99);
  }

  private void check() {
    Map<String, Long> effects = new HashMap<>();
    for (byte[] key : node.store.keys(ROOM, Table.VALUE, KeySpan.all(), 9_999)) {
      byte[] value = node.store.get(ROOM, Table.VALUE, key);
      effects.put(new String(key, StandardCharsets.UTF_8), CODEC.decode(value, Long.class));
    }
    assertThat(effects.values()).as("no event takes effect twice").containsOnly(1L);
    for (ConnectionId connection : opened) {
      assertThat(effects).as("each socket is closed once").containsKey("close " + connection);
    }
    assertThat(effects.keySet()).noneMatch(text -> text.startsWith("fail"));
    answered.forEach(
        (connection, texts) -> {
          if (!closedByHost.contains(connection)) {
            texts.stream()
                .filter(text -> text.startsWith("set"))
                .forEach(text -> assertThat(effects).containsKey(text));
          }
        });
    done.stream()
        .filter(text -> text.startsWith("set"))
        .forEach(text -> assertThat(effects).containsKey(text));
    byte[] row = node.store.get(ROOM, Table.ACTOR, RowKey.ACTOR.bytes());
    assertThat(ActorRow.decodeOrNone(row).gateways()).isEmpty();
  }
}
