package dev.dormouse.server.cluster;

import dev.dormouse.server.cluster.ClusterStatus.GroupStatus;
import dev.dormouse.server.cluster.ClusterStatus.NodeStatus;
import dev.dormouse.server.cluster.link.ClusterSecret;
import dev.dormouse.server.cluster.link.Lane;
import dev.dormouse.server.cluster.link.LinkOptions;
import dev.dormouse.server.cluster.link.LinkReceiver;
import dev.dormouse.server.cluster.link.NodeAddress;
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.cluster.raft.RaftLog;
import dev.dormouse.server.cluster.raft.RaftSettings;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.ServerStartException;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.CallRoute;
import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Replication;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The parts that make a node one of several: the links to its peers, the store that they replicate,
 * the placement of the actors, and the ways of records and calls between the nodes. They are what a
 * node that is alone has as its own store, a fixed placement and direct calls.
 */
public final class ClusterNode implements AutoCloseable {
  private static final String CLUSTER = "dormouse";
  private static final String LOG_FOLDER = "cluster";
  private static final long TICK_MS = 50;
  private static final long LISTEN_LIMIT_S = 10;

  private final ClusterOptions options;
  private final Vertx vertx;
  private final NodeLinks links;
  private final NodeStore store;
  private final RaftLog log;
  private final LogPlacement placement;
  private final LinkTransport transport;
  private final RemoteCalls calls;

  /** The timer of the transport; -1 before the start. */
  private long timer = -1;

  private ClusterNode(
      ClusterOptions options,
      Vertx vertx,
      NodeLinks links,
      NodeStore store,
      RaftLog log,
      Time time) {
    this.options = options;
    this.vertx = vertx;
    this.links = links;
    this.store = store;
    this.log = log;
    this.placement = new LogPlacement(store, log);
    this.transport = new LinkTransport(store.run(), links, Link.Limits.defaults(), time);
    this.calls = new RemoteCalls(vertx, links, placement);
    links.receive(Lane.FRAMES, new Frames());
  }

  /**
   * Opens the store of a node. No peer is spoken to before {@link #start}.
   *
   * @param onFatal called when the process must end
   * @throws ServerStartException if the secret cannot be read
   */
  public static ClusterNode open(
      ClusterOptions options,
      StoreOptions storeOptions,
      Path data,
      Vertx vertx,
      Time time,
      Consumer<Throwable> onFatal) {
    List<String> names = List.copyOf(options.peers().keySet());
    NodeLinks links =
        new NodeLinks(
            vertx,
            new LinkOptions(
                CLUSTER,
                options.node(),
                addressOf(options, options.node()),
                secretOf(options),
                LinkOptions.Limits.defaults()),
            time);
    AtomicReference<RaftLog> log = new AtomicReference<>();
    RaftSettings settings =
        new RaftSettings(
            data.resolve(LOG_FOLDER),
            names,
            options.groups(),
            RaftSettings.of(data, names).election(),
            RaftSettings.of(data, names).snapshots(),
            true);
    NodeStore store =
        Stores.replicated(
            storeOptions,
            new Replication(
                options.groups(),
                names.indexOf(options.node()),
                ClusterOptions.NODES_MAX,
                machine -> {
                  RaftLog made = new RaftLog(settings, links, machine, time, onFatal);
                  log.set(made);
                  return made;
                }));
    return new ClusterNode(options, vertx, links, store, log.get(), time);
  }

  private static ClusterSecret secretOf(ClusterOptions options) {
    try {
      return ClusterSecret.in(options.secretFile());
    } catch (IllegalArgumentException e) {
      throw new ServerStartException(
          "the secret of the cluster cannot be used: "
              + e.getMessage()
              + "; make one with: head -c 32 /dev/urandom | base64 > FILE",
          e);
    }
  }

  private static NodeAddress addressOf(ClusterOptions options, String name) {
    String address = options.peers().get(name);
    if (address == null) {
      throw new AssertionError("the options have checked that " + name + " is among the peers");
    }
    return NodeAddress.parse(address);
  }

  /** Returns the name of this node. */
  public String name() {
    return options.node();
  }

  /** Returns the store, which {@link #close} closes. */
  public NodeStore store() {
    return store;
  }

  /** Returns the placement of all actors. */
  public Placement placement() {
    return placement;
  }

  /** Returns the transport between all gateways and hosts. */
  public Transport transport() {
    return transport;
  }

  /** Returns the way to actors that this node does not own. */
  public CallRoute calls() {
    return calls;
  }

  /**
   * Speaks to the peers from now on, and answers them.
   *
   * @param host takes the calls of other nodes to actors of this one
   * @param isOwned returns whether this node owns the target of a call
   * @throws ServerStartException if the node cannot listen at its address
   */
  public void start(CallRoute host, Predicate<CallRequest> isOwned) {
    calls.serve(host, isOwned);
    try {
      Integer unused =
          links.start(store.run()).toCompletableFuture().get(LISTEN_LIMIT_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new ServerStartException(
          "--peers: " + String.valueOf(e.getCause().getMessage()), e.getCause());
    } catch (TimeoutException e) {
      throw new ServerStartException("--peers: the node could not listen in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted while starting", e);
    }
    for (String name : options.peers().keySet()) {
      if (!name.equals(options.node())) {
        links.peer(name, addressOf(options, name));
      }
    }
    timer = vertx.setPeriodic(TICK_MS, elapsed -> links.run(transport::tick));
  }

  /** Returns the state of the cluster, as this node knows it. Any thread. */
  public ClusterStatus status() {
    List<NodeStatus> nodes = new ArrayList<>();
    for (String name : options.peers().keySet()) {
      boolean isUp =
          name.equals(options.node())
              || (links.isUp(name, Lane.RAFT) && links.isUp(name, Lane.FRAMES));
      nodes.add(new NodeStatus(name, isUp, null));
    }
    List<GroupStatus> groups = new ArrayList<>();
    for (int group = 0; group < placement.groups(); group++) {
      Owner owner = placement.ownerOf(group);
      groups.add(
          new GroupStatus(
              group,
              owner == null ? null : owner.node(),
              owner == null ? 0 : owner.epoch(),
              0,
              -1));
    }
    return new ClusterStatus(CLUSTER, options.node(), nodes, groups);
  }

  /** Returns the name of the node that owns an actor's group; null if this node knows of none. */
  public @Nullable String ownerOf(int group) {
    Owner owner = placement.ownerOf(group);
    return owner == null ? null : owner.node();
  }

  /** Ends the links. The store, and the log with it, must be closed before. */
  @Override
  public void close() {
    if (timer >= 0) {
      boolean unused = vertx.cancelTimer(timer);
    }
    links.close();
  }

  /** Takes what comes on the lane of frames. */
  private final class Frames implements LinkReceiver {
    @Override
    public void up(Peer peer) {
      transport.up(peer);
    }

    @Override
    public void message(Peer peer, long id, byte[] body) {
      transport.message(peer, id, body);
    }

    @Override
    public void called(Peer peer, byte[] body, Answer answer) {
      calls.called(body, answer);
    }
  }
}
