package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.FromHost.Unknown;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hosts of several nodes over one disk of memory, with clocks, executors and gateways that the test
 * drives. The gateways only write down what they hear.
 */
final class TestCluster {
  static final ActorId ROOM = new ActorId("room", "one");

  final MemoryDisk disk = new MemoryDisk();
  final ManualTime time = new ManualTime();
  private final Script script;
  private final Map<Long, List<String>> heard = new HashMap<>();

  /** The actor of which gateways write down what they hear; all actors are of one group or not. */
  TestCluster(Script script) {
    this.script = script;
  }

  /** The host of a node. */
  final class Node {
    final String name;
    final Steps steps = new Steps();
    final HeldStore store;
    final ActorHost host;
    private final ActorStore bare;

    private Node(String name, ManualTime time) {
      this.name = name;
      var opened = Stores.memoryOn(disk, name, time::nowNs);
      bare = opened;
      store = new HeldStore(opened);
      ActorType type =
          new ActorType(
              "room",
              () -> new Script.Actor(script),
              Codecs.kryo(List.of(Script.Note.class)),
              id -> steps,
              ActorOptions.defaults());
      host =
          new ActorHost(
              List.of(type),
              store,
              new Carrier(),
              name,
              new Unplaced(store),
              ActorHost.NO_ROUTE,
              time,
              HostOptions.defaults(),
              new Observers(time));
      store.listen(host);
    }

    private final class Carrier implements Transport {
      @Override
      public void toHost(Owner owner, ToHost record) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void toGateway(long gateway, FromHost record) {
        hear(Node.this, gateway, record);
      }

      @Override
      public void connect(HostEnd host, GatewayEnd gateway) {}
    }

    int group() {
      return store.groupOf(ROOM);
    }

    long epoch() {
      return store.epoch(group());
    }

    /** Makes this node the owner of the room; the owner before hears of it first. */
    Node own() {
      disk.give(group(), bare);
      return this;
    }

    /** Announces sockets of a gateway under the epoch that is in force. */
    Node announce(long gateway, ConnectionId... sockets) {
      long[] ids = Arrays.stream(sockets).mapToLong(ConnectionId::value).toArray();
      host.accept(gateway, epoch(), new ToHost.Announce(group(), 1_000, ids, true, true));
      steps.runAll();
      return this;
    }

    /** Announces the socket of a connection, and what its gateway knows of the connection. */
    Node announce(ConnectionId socket, List<String> tags, AutoReply... replies) {
      long[] ids = {socket.value()};
      long[] states = {
        ToHost.Announce.stateOf(tags, ToHost.Announce.repliesHash(List.of(replies)))
      };
      ToHost announce = new ToHost.Announce(group(), 1_000, ids, states, true, true);
      host.accept(socket.run(), epoch(), announce);
      steps.runAll();
      return this;
    }

    /** Brings a record of a gateway. */
    void tell(long gateway, long epoch, ToHost record) {
      host.accept(gateway, epoch, record);
      steps.runAll();
    }

    /** Connects a client of a gateway that is attached. */
    ConnectionId connect(long gateway, int number) {
      ConnectionId id = ConnectionId.of(gateway, number);
      tell(gateway, epoch(), new ToHost.Open(ROOM, id, TestHost.head("name", "n"), null));
      return id;
    }

    void message(ConnectionId from, long sequence, String text) {
      tell(from.run(), epoch(), new ToHost.Message(ROOM, from, sequence, Payload.text(text)));
    }

    void repeat(ConnectionId from, long sequence, String text) {
      tell(from.run(), epoch(), new ToHost.Message(ROOM, from, sequence, Payload.text(text), true));
    }

    void close(ConnectionId gone) {
      CloseReason reason = new CloseReason(1000, "", CloseReason.Cause.CLIENT);
      tell(gone.run(), epoch(), new ToHost.Closed(ROOM, gone, reason));
    }

    /** Lets the alarms that are due ring, and the comparisons of announcements go on. */
    void ring() {
      host.ringAlarms();
      steps.runAll();
    }
  }

  /** The placement of a cluster in which nobody knows any owner. */
  private record Unplaced(ActorStore store) implements Placement {
    @Override
    public int groups() {
      return store.groups().groups();
    }

    @Override
    public int groupOf(ActorId actor) {
      return store.groupOf(actor);
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

  Node node(String name) {
    return new Node(name, time);
  }

  /** Returns a node with clocks of its own. */
  Node node(String name, ManualTime clocks) {
    return new Node(name, clocks);
  }

  /** Lets time pass for a node, in ticks of a quarter of a second. */
  void pass(Duration by, Node node) {
    for (long ticks = by.toMillis() / 250; ticks > 0; ticks--) {
      time.advance(Duration.ofMillis(250));
      node.host.tick();
      node.steps.runAll();
    }
  }

  private void hear(Node node, long gateway, FromHost record) {
    List<String> words = heard.computeIfAbsent(gateway, run -> new ArrayList<>());
    record.dispatch(
        new FromHost.Receiver() {
          @Override
          public void release(Release release) {
            release.records().forEach(each -> words.add(node.name + " " + words(each)));
          }

          @Override
          public void attached(FromHost.Attached attached) {
            words.add(node.name + " attached");
          }

          @Override
          public void notOwner(NotOwner notice) {
            Owner known = notice.known();
            words.add(node.name + " not owner" + (known == null ? "" : ", but " + known.node()));
          }

          @Override
          public void unknown(Unknown unknown) {
            for (long id : unknown.connections()) {
              words.add(node.name + " unknown " + new ConnectionId(id));
            }
          }
        });
  }

  /** Returns what a gateway has heard since the last call. */
  List<String> heard(long gateway) {
    List<String> words = heard.remove(gateway);
    return words == null ? List.of() : words;
  }

  private static String words(ToGateway record) {
    if (record instanceof ToGateway.Send send && send.payload() instanceof Payload.Text text) {
      return "to " + send.connection() + " " + text.string();
    }
    if (record instanceof ToGateway.Broadcast all && all.payload() instanceof Payload.Text text) {
      return "to all " + text.string();
    }
    if (record instanceof ToGateway.Handled handled) {
      return "handled " + handled.connection() + " " + handled.sequence();
    }
    if (record instanceof ToGateway.Close close) {
      return "close " + close.connection() + " " + close.code();
    }
    if (record instanceof ToGateway.Accepted accepted) {
      return "accepted " + accepted.connection();
    }
    if (record instanceof ToGateway.Ended ended) {
      return "ended " + ended.connection();
    }
    if (record instanceof ToGateway.Responded responded) {
      return "answer " + responded.response().status();
    }
    if (record instanceof ToGateway.Retagged retagged) {
      return "tags of " + retagged.connection() + " " + retagged.tags();
    }
    if (record instanceof ToGateway.AutoReplies replies) {
      return "replies to " + replies.replies().stream().map(AutoReply::request).toList();
    }
    return record.getClass().getSimpleName();
  }
}
