package dev.dormouse.server.cluster;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
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
import dev.dormouse.storage.rows.ShardGroups;
import io.vertx.core.Vertx;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The parts that make a node one of several: the links to its peers, the store that they replicate,
 * the placement of the actors, and the ways of records and calls between the nodes. They are what a
 * node that is alone has as its own store, a fixed placement and direct calls.
 */
public final class ClusterNode implements ClusterView, AutoCloseable {
  private static final Logger log = Log.of(ClusterNode.class);

  /** The version of the software, as the other nodes hear it. */
  private static final String VERSION = versionOf(ClusterNode.class.getPackage());

  private static final String LOG_FOLDER = "cluster";
  private static final long TICK_MS = 50;
  private static final long LISTEN_LIMIT_S = 10;

  /** The id on the lane of frames of the list of the groups that a node owns. */
  private static final long OWNED = 3;

  /** The first byte of a call to an actor. */
  private static final byte ACTOR_CALL = 1;

  /** The first byte of a request for a run; the answer is run, groups and shards. */
  private static final byte RUN_CALL = 2;

  private static final long OWNED_EVERY_NS = TimeUnit.SECONDS.toNanos(1);
  private static final Duration RUN_ANSWER = Duration.ofSeconds(2);
  private static final Duration RUN_WAIT = Duration.ofSeconds(60);
  private static final long RUN_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(50);

  private final ClusterOptions options;
  private final Vertx vertx;
  private final NodeLinks links;
  private final NodeStore store;
  private final Placement placement;
  private final LinkTransport transport;
  private final RemoteCalls calls;

  /** The log of this node; null if the node is a gateway only. */
  private final @Nullable RaftLog raft;

  private final NodeReports reports;
  private final Time time;

  /** The guests whose lane of frames is up. Only the event loop of the links uses it. */
  private final Set<String> guests = new HashSet<>();

  private OwnedGroups told = new OwnedGroups(Map.of());
  private long toldNs;

  /** The timer of the transport; -1 before the start. */
  private long timer = -1;

  private final AtomicLong takeovers = new AtomicLong();

  /**
   * The last epoch that was seen of each group; 0 if none was. Only the event loop of the links
   * uses it.
   */
  private final long[] epochs;

  /** The timer of the reports; -1 before the start. */
  private long reportTimer = -1;

  private ClusterNode(
      ClusterOptions options,
      Vertx vertx,
      NodeLinks links,
      NodeStore store,
      Placement placement,
      @Nullable RaftLog raft,
      Time time) {
    this.options = options;
    this.vertx = vertx;
    this.links = links;
    this.store = store;
    this.time = time;
    this.placement = placement;
    this.transport = new LinkTransport(store.run(), links, Link.Limits.defaults(), time);
    this.calls = new RemoteCalls(vertx, links, placement, ACTOR_CALL);
    this.raft = raft;
    this.epochs = new long[placement.groups()];
    this.reports =
        new NodeReports(
            options.peers().keySet().stream().filter(name -> !name.equals(options.node())).toList(),
            placement.groups(),
            this::applied,
            time);
    links.receive(Lane.FRAMES, new Frames());
  }

  /**
   * Opens the store of a node that hosts actors, without a word to its peers; or asks the peers for
   * the run of a node that is a gateway only, which may take a minute.
   *
   * @param onFatal called when the process must end
   * @throws ServerStartException if the secret cannot be read, or no peer answers the gateway
   */
  public static ClusterNode open(
      ClusterOptions options,
      StoreOptions storeOptions,
      Path data,
      Vertx vertx,
      Time time,
      Consumer<Throwable> onFatal) {
    boolean isGateway = options.role() == ClusterOptions.Role.GATEWAY;
    NodeLinks links =
        new NodeLinks(
            vertx,
            new LinkOptions(
                options.node(),
                VERSION,
                isGateway ? null : addressOf(options, options.node()),
                secretOf(options),
                null,
                LinkOptions.Limits.defaults()),
            time);
    return isGateway
        ? gateway(options, links, vertx, time)
        : host(options, storeOptions, data, links, vertx, time, onFatal);
  }

  private static ClusterNode host(
      ClusterOptions options,
      StoreOptions storeOptions,
      Path data,
      NodeLinks links,
      Vertx vertx,
      Time time,
      Consumer<Throwable> onFatal) {
    List<String> names = List.copyOf(options.peers().keySet());
    AtomicReference<@Nullable RaftLog> log = new AtomicReference<>();
    RaftSettings settings = RaftSettings.of(data.resolve(LOG_FOLDER), names, options.groups());
    NodeStore store =
        Stores.replicated(
            storeOptions,
            new Replication(
                options.node(),
                options.groups(),
                names.indexOf(options.node()),
                ClusterOptions.NODES_MAX,
                machine -> {
                  RaftLog made = new RaftLog(settings, links, machine, time, onFatal);
                  log.set(made);
                  return made;
                }));
    RaftLog made = Objects.requireNonNull(log.get(), "the store makes its log when it is opened");
    return new ClusterNode(options, vertx, links, store, new LogPlacement(store, made), made, time);
  }

  private static ClusterNode gateway(
      ClusterOptions options, NodeLinks links, Vertx vertx, Time time) {
    try {
      listen(links, 0);
      meetPeers(options, links);
      ByteBuffer answer = ByteBuffer.wrap(askForRun(options, links, time));
      long run = answer.getLong();
      ShardGroups groups = new ShardGroups(answer.getInt(), answer.getInt());
      NodeStore store = Stores.ownerless(groups, run);
      return new ClusterNode(options, vertx, links, store, new HeardPlacement(store), null, time);
    } catch (RuntimeException | Error e) {
      links.close();
      throw e;
    }
  }

  /** Asks the peers, one after the other, for the run of this process, until one answers. */
  private static byte[] askForRun(ClusterOptions options, NodeLinks links, Time time) {
    long endNs = time.nowNs() + RUN_WAIT.toNanos();
    String why = "none can be reached";
    while (time.nowNs() - endNs < 0) {
      for (String peer : options.peers().keySet()) {
        if (links.isUp(peer, Lane.FRAMES)) {
          try {
            return links
                .call(peer, Lane.FRAMES, new byte[] {RUN_CALL}, RUN_ANSWER)
                .toCompletableFuture()
                .get();
          } catch (ExecutionException e) {
            why = peer + ": " + e.getMessage();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerStartException("interrupted while starting", e);
          }
        }
      }
      LockSupport.parkNanos(RUN_PAUSE_NS);
    }
    throw new ServerStartException(
        "no node of --peers has taken this gateway in for "
            + RUN_WAIT.toSeconds()
            + " s ("
            + why
            + "); check that one of them runs, and that the secret is theirs",
        null);
  }

  private static String versionOf(Package of) {
    String version = of.getImplementationVersion();
    return version == null ? "unknown" : version;
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
    if (options.role() == ClusterOptions.Role.GATEWAY) {
      links.greetAs(store.run());
    } else {
      listen(links, store.run());
      meetPeers(options, links);
    }
    timer = vertx.setPeriodic(TICK_MS, elapsed -> links.run(this::tick));
    reportTimer =
        vertx.setPeriodic(NodeReports.STEP.toMillis(), elapsed -> links.run(this::report));
  }

  private static void listen(NodeLinks links, long run) {
    try {
      Integer unused = links.start(run).toCompletableFuture().get(LISTEN_LIMIT_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new ServerStartException("--peers: " + cause.getMessage(), cause);
    } catch (TimeoutException e) {
      throw new ServerStartException("--peers: the node could not listen in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted while starting", e);
    }
  }

  private static void meetPeers(ClusterOptions options, NodeLinks links) {
    for (String name : options.peers().keySet()) {
      if (!name.equals(options.node())) {
        links.peer(name, addressOf(options, name));
      }
    }
  }

  /** Does what is due on the links, and tells guests which groups this node owns. */
  private void tick() {
    transport.tick();
    long nowNs = time.nowNs();
    OwnedGroups owned = owned();
    if (!owned.equals(told) || nowNs - toldNs >= OWNED_EVERY_NS) {
      told = owned;
      toldNs = nowNs;
      guests.forEach(this::tellOwned);
    }
  }

  private OwnedGroups owned() {
    Map<Integer, Long> epochs = new TreeMap<>();
    for (int group = 0; group < placement.groups(); group++) {
      long epoch = store.epoch(group);
      if (epoch != 0) {
        epochs.put(group, epoch);
      }
    }
    return new OwnedGroups(epochs);
  }

  private void tellOwned(String guest) {
    if (!links.message(guest, Lane.FRAMES, OWNED, told.encode())) {
      log.debug("the guest {} is told later which groups this node owns", guest);
    }
  }

  /** Tells the others how far this node is, and looks for new owners. */
  private void report() {
    countTakeovers();
    if (raft == null) {
      return;
    }
    byte[] report = reports.next();
    Stream.concat(options.peers().keySet().stream(), guests.stream())
        .filter(name -> !name.equals(options.node()))
        .forEach(
            name -> {
              boolean unused = links.message(name, Lane.FRAMES, NodeReports.ID, report);
            });
  }

  private long applied(int group) {
    return raft == null ? 0 : raft.applied(group);
  }

  private void countTakeovers() {
    for (int group = 0; group < epochs.length; group++) {
      Owner owner = placement.ownerOf(group);
      if (owner != null && owner.epoch() > epochs[group]) {
        if (epochs[group] != 0) {
          takeovers.incrementAndGet();
        }
        epochs[group] = owner.epoch();
      }
    }
  }

  @Override
  public ClusterStatus status() {
    List<NodeStatus> nodes = new ArrayList<>();
    for (String name : options.peers().keySet()) {
      boolean isUp =
          name.equals(options.node())
              || (links.isUp(name, Lane.FRAMES) && (raft == null || links.isUp(name, Lane.RAFT)));
      String version = name.equals(options.node()) ? VERSION : links.softwareOf(name);
      nodes.add(new NodeStatus(name, isUp, version));
    }
    List<GroupStatus> groups = new ArrayList<>();
    for (int group = 0; group < placement.groups(); group++) {
      Owner owner = placement.ownerOf(group);
      groups.add(
          new GroupStatus(
              group,
              owner == null ? null : owner.node(),
              owner == null ? 0 : owner.epoch(),
              applied(group),
              lagOf(group, owner)));
    }
    return new ClusterStatus(links.cluster(), options.node(), nodes, groups, takeovers.get());
  }

  private long lagOf(int group, @Nullable Owner owner) {
    if (owner == null) {
      return -1;
    }
    return owner.node().equals(options.node())
        ? reports.lag(group)
        : reports.lag(group, owner.node());
  }

  @Override
  public @Nullable String ownerOf(ActorId actor) {
    Owner owner = placement.ownerOf(placement.groupOf(actor));
    return owner == null ? null : owner.node();
  }

  /**
   * Hands the groups that this node leads to other nodes, because it is about to stop.
   *
   * @return completes when each group is handed over, or could not be within the limit
   */
  public CompletionStage<Integer> handOver(Duration limit) {
    return raft == null ? CompletableFuture.completedStage(0) : raft.handOverAll(limit);
  }

  /** Ends the links. The store, and the log with it, must be closed before. */
  @Override
  public void close() {
    if (timer >= 0) {
      boolean unused = vertx.cancelTimer(timer);
    }
    if (reportTimer >= 0) {
      boolean unused = vertx.cancelTimer(reportTimer);
    }
    links.close();
  }

  /** Takes what comes on the lane of frames. */
  private final class Frames implements LinkReceiver {
    @Override
    public void up(Peer peer) {
      reports.forget(peer.node());
      transport.up(peer);
      if (!options.peers().containsKey(peer.node()) && guests.add(peer.node())) {
        told = owned();
        tellOwned(peer.node());
      }
    }

    @Override
    public void down(Peer peer, String why) {
      if (guests.remove(peer.node())) {
        transport.guestDown(peer.node());
      }
    }

    @Override
    public void message(Peer peer, long id, byte[] body) {
      if (id == NodeReports.ID) {
        reports.take(peer.node(), body);
      } else if (id != OWNED) {
        transport.message(peer, id, body);
      } else if (placement instanceof HeardPlacement heard) {
        heard.heard(peer.node(), OwnedGroups.decode(body));
      }
    }

    @Override
    public void called(Peer peer, byte[] body, Answer answer) {
      if (body.length > 0 && body[0] == ACTOR_CALL) {
        calls.called(body, answer);
      } else if (body.length == 1 && body[0] == RUN_CALL) {
        reserveRun(answer);
      } else {
        answer.fail("this node does not know the kind of the call");
      }
    }
  }

  private void reserveRun(LinkReceiver.Answer answer) {
    var unused =
        vertx
            .executeBlocking(store::reserveRun, false)
            .onSuccess(
                run ->
                    answer.send(
                        ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES)
                            .putLong(run)
                            .putInt(store.shards())
                            .putInt(placement.groups())
                            .array()))
            .onFailure(failure -> answer.fail(String.valueOf(failure.getMessage())));
  }
}
