package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;

import com.alipay.sofa.jraft.rpc.RpcRequests.AppendEntriesRequest;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.cluster.link.ClusterSecret;
import dev.dormouse.server.cluster.link.Lane;
import dev.dormouse.server.cluster.link.LinkOptions;
import dev.dormouse.server.cluster.link.LinkReceiver;
import dev.dormouse.server.cluster.link.NodeAddress;
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.cluster.link.SwallowingProxy;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Replication;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Three nodes in this process, with real links on loopback and real folders. */
@SuppressWarnings("try") // close() may be interrupted
final class TestCluster implements AutoCloseable {
  static final List<String> NAMES = List.of("alpha", "beta", "gamma");
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(40);
  private static final ClusterSecret SECRET = new ClusterSecret(new byte[32]);

  /** A node that runs. */
  record Node(String name, NodeLinks links, NodeStore store, RaftLog log, Losses losses) {
    int owned() {
      return (int)
          log.groups().stream().filter(group -> group.role() == RaftGroupState.Role.OWNER).count();
    }
  }

  /** Loses the entries that a node is sent, and nothing else, as long as it is told to. */
  static final class Losses implements LinkReceiver {
    volatile boolean isLosing;
    private final LinkReceiver log;

    Losses(LinkReceiver log) {
      this.log = log;
    }

    @Override
    public void up(Peer peer) {
      log.up(peer);
    }

    @Override
    public void down(Peer peer, String why) {
      log.down(peer, why);
    }

    @Override
    public void called(Peer peer, byte[] body, Answer answer) {
      boolean hasEntries =
          isLosing
              && body[0] < 0x7f
              && RaftMessages.decode(body) instanceof AppendEntriesRequest append
              && append.getEntriesCount() > 0;
      if (!hasEntries) {
        log.called(peer, body, answer);
      }
    }
  }

  private final Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final int groups;
  private final boolean onlyAlphaOwns;

  /** The settings of the nodes that are started next. */
  Duration stall = Duration.ofSeconds(3);

  Duration balance = Duration.ZERO;
  private final Map<String, Node> nodes = new TreeMap<>();

  /** The proxies by the names of the node that dials and the node that listens. */
  private final Map<String, SwallowingProxy> proxies = new LinkedHashMap<>();

  /** The failures for which a process would have ended. */
  final Map<String, Throwable> fatal = new ConcurrentHashMap<>();

  /** What was answered as done: the value of each actor. */
  final Map<ActorId, String> acknowledged = new TreeMap<>((a, b) -> a.key().compareTo(b.key()));

  TestCluster(Path folder, int groups, boolean onlyAlphaOwns) {
    this.folder = folder;
    this.groups = groups;
    this.onlyAlphaOwns = onlyAlphaOwns;
  }

  Node node(String name) {
    return nodes.get(name);
  }

  /** Starts nodes, with what their folders have. */
  void start(String... names) throws Exception {
    for (String name : names) {
      int slot = NAMES.indexOf(name);
      NodeLinks links =
          new NodeLinks(
              vertx,
              new LinkOptions(
                  name,
                  "test",
                  new NodeAddress("127.0.0.1", 0),
                  SECRET,
                  null,
                  LinkOptions.Limits.defaults()),
              Time.system());
      AtomicReference<RaftLog> log = new AtomicReference<>();
      RaftSettings settings =
          new RaftSettings(
              folder.resolve(name + "-raft"),
              NAMES,
              groups,
              Duration.ofMillis(500),
              Duration.ZERO,
              stall,
              balance,
              !onlyAlphaOwns || name.equals("alpha"));
      NodeStore store =
          Stores.replicated(
              StoreOptions.in(folder.resolve(name))
                  .shards(64)
                  .blockCacheBytes(8 << 20)
                  .onFatal(failure -> fatal.put(name, failure)),
              new Replication(
                  name,
                  groups,
                  onlyAlphaOwns ? 0 : slot,
                  onlyAlphaOwns ? 1 : 3,
                  machine -> {
                    log.set(
                        new RaftLog(
                            settings,
                            links,
                            machine,
                            Time.system(),
                            failure -> fatal.put(name, failure)));
                    return log.get();
                  }));
      Losses losses = new Losses(log.get().receiver());
      links.receive(Lane.RAFT, losses);
      int port = links.start(store.run()).toCompletableFuture().get(10, TimeUnit.SECONDS);
      for (String other : NAMES) {
        if (other.compareTo(name) < 0) {
          links.peer(other, new NodeAddress("127.0.0.1", 9)); // it dials
          proxy(other, name).leadTo(port);
        } else if (other.compareTo(name) > 0) {
          links.peer(other, new NodeAddress("127.0.0.1", proxy(name, other).port()));
        }
      }
      nodes.put(name, new Node(name, links, store, log.get(), losses));
    }
  }

  private SwallowingProxy proxy(String dialler, String listener) throws Exception {
    String pair = dialler + " " + listener;
    SwallowingProxy there = proxies.get(pair);
    if (there == null) {
      there = new SwallowingProxy(vertx, 9);
      proxies.put(pair, there);
    }
    return there;
  }

  void stop(String... names) {
    for (String name : names) {
      Node node = nodes.remove(name);
      node.store().close();
      node.links().close();
    }
  }

  /** Swallows all that goes to and from a node. */
  void cut(String name) {
    proxies.forEach(
        (pair, proxy) -> {
          if (pair.contains(name)) {
            proxy.cut();
          }
        });
  }

  void heal() {
    proxies.values().forEach(SwallowingProxy::heal);
  }

  /** Waits until something is so. */
  void until(String what, BooleanSupplier isSo) {
    long endNs = System.nanoTime() + LIMIT_NS;
    while (!isSo.getAsBoolean()) {
      assertThat(fatal).isEmpty();
      assertThat(System.nanoTime() - endNs).as("not in time: " + what).isNegative();
      LockSupport.parkNanos(2_000_000);
    }
  }

  /** Waits until each group has exactly one owner among nodes, and returns it for each. */
  void untilOwned(String... among) {
    until(
        "every group has an owner",
        () -> {
          for (int group = 0; group < groups; group++) {
            boolean isOwned = false;
            for (String name : among) {
              isOwned |= node(name).store().epoch(group) > 0;
            }
            if (!isOwned) {
              return false;
            }
          }
          return true;
        });
  }

  /** Returns the node that believes to own an actor in the latest epoch, among some; or null. */
  Node ownerOf(ActorId actor, List<String> among) {
    Node owner = null;
    for (String name : among) {
      Node each = node(name);
      if (each != null
          && each.store().epochOf(actor) > 0
          && (owner == null || each.store().epochOf(actor) > owner.store().epochOf(actor))) {
        owner = each;
      }
    }
    return owner;
  }

  static ActorId actor(int number) {
    return new ActorId("chat", "room" + number);
  }

  static CompletionStage<CommitResult> commit(Node owner, ActorId actor, String value) {
    return owner
        .store()
        .commit(
            new TurnBatch(
                actor,
                owner.store().epochOf(actor),
                List.of(
                    new TurnBatch.Write(
                        Table.VALUE, bytes("value"), value.getBytes(StandardCharsets.UTF_8)))));
  }

  /** Writes a value for each of some actors, all at once, and tries those again that fail. */
  void put(int actors, String value, String... among) {
    Map<ActorId, CompletionStage<CommitResult>> commits = new LinkedHashMap<>();
    List<ActorId> left = new ArrayList<>();
    for (int i = 0; i < actors; i++) {
      left.add(actor(i));
    }
    until(
        "all turns are committed",
        () -> {
          commits.clear();
          for (ActorId actor : left) {
            Node owner = ownerOf(actor, List.of(among));
            if (owner != null) {
              commits.put(actor, commit(owner, actor, value));
            }
          }
          commits.forEach(
              (actor, commit) -> {
                CommitResult result =
                    commit.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
                if (result instanceof CommitResult.Done) {
                  acknowledged.put(actor, value);
                  left.remove(actor);
                }
              });
          return left.isEmpty();
        });
  }

  /** Checks that the owners have what was acknowledged. */
  void check(String... among) {
    acknowledged.forEach(
        (actor, value) -> {
          Node owner = ownerOf(actor, List.of(among));
          assertThat(owner).isNotNull();
          assertThat(owner.store().get(actor, Table.VALUE, bytes("value")))
              .asString(StandardCharsets.UTF_8)
              .isEqualTo(value);
        });
  }

  /** Waits until all nodes that run have the same rows, and returns them. */
  List<String> untilEqual() {
    AtomicReference<List<String>> rows = new AtomicReference<>();
    until(
        "all nodes have the same rows",
        () -> {
          List<List<String>> all = nodes.values().stream().map(TestCluster::rows).toList();
          rows.set(all.get(0));
          return all.stream().distinct().count() == 1;
        });
    return rows.get();
  }

  private static List<String> rows(Node node) {
    List<String> rows = new ArrayList<>();
    for (Table table : Table.values()) {
      for (ActorStore.PlacedRow row : node.store().scanAll(table, null, 100_000)) {
        rows.add(
            table
                + " "
                + row.actor()
                + " "
                + HexFormat.of().formatHex(row.key())
                + " "
                + HexFormat.of().formatHex(row.value()));
      }
    }
    return rows;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws Exception {
    stop(nodes.keySet().toArray(String[]::new));
    for (SwallowingProxy proxy : proxies.values()) {
      proxy.close();
    }
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}
