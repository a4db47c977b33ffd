package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.owner.UnansweredCloses;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.Link.Frame;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.server.simulation.Wires.Parcel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A node with a gateway: the production {@link OwnerLinks} and {@link UnansweredCloses}, and around
 * them sockets, upgrades and requests that follow the rules of the real ones. A crash leaves
 * nothing of it.
 */
final class GatewayNode implements Wires.End, OwnerLinks.Holder {
  /** The time that an upgrade waits for its actor. */
  private static final long UPGRADE_MS = 10_000;

  /** The time that a request waits for its answer. */
  private static final long REQUEST_MS = 30_000;

  /** The time after which sockets without an owner are closed, and the coarseness of its ticks. */
  private static final long LIMBO_MS = 10_000;

  private final class Way implements Link.Outside<Parcel, FromHost> {
    private final HostNode host;
    private final Link<Parcel, FromHost> link;

    Way(HostNode host) {
      this.host = host;
      this.link =
          new Link<>(
              number << 20,
              Wires.limits(run.weather()),
              parcel -> 1,
              record -> 1,
              this,
              run.time().nowNs());
    }

    @Override
    public void carry(Frame<Parcel> frame) {
      run.wires().carry(GatewayNode.this, host, frame);
    }

    @Override
    public void delivered(FromHost record) {
      run.trace(host + " to " + GatewayNode.this + ": " + describe(record));
      links.accept(record);
    }

    @Override
    public void broken(String why) {
      run.trace(GatewayNode.this + " has lost " + host + ": " + why);
      run.count(ClusterHappening.LINK_BROKEN);
      links.broken(host.name());
    }
  }

  private static String describe(FromHost record) {
    return record instanceof Release release
        ? release.epoch() + " " + release.records().stream().map(Words::describe).toList()
        : record instanceof FromHost.Unknown unknown
            ? "unknown " + LongStream.of(unknown.connections()).mapToObj(ConnectionId::new).toList()
            : record.toString();
  }

  /** An upgrade that waits for its actor. */
  private static final class Pending {
    final ActorId actor;
    final long sinceMs;
    ConnectionId asked;

    Pending(ActorId actor, ConnectionId asked, long sinceMs) {
      this.actor = actor;
      this.asked = asked;
      this.sinceMs = sinceMs;
    }
  }

  /** A request that waits for its answer. */
  private static final class Asked {
    final ActorId actor;
    final long sinceMs;
    boolean isSent;

    Asked(ActorId actor, long sinceMs) {
      this.actor = actor;
      this.sinceMs = sinceMs;
    }
  }

  private final ClusterSimulation run;
  private final String name;
  private long number;
  private Rumours rumours;
  private OwnerLinks links;
  private UnansweredCloses closes;
  private Map<String, Way> ways;
  private Map<ConnectionId, ClusterSocket> sockets;
  private List<Pending> upgrades;
  private TreeMap<Long, Asked> requests;
  private long connections;
  private long requestNumbers;

  /** The time since which each group has had no owner; null while it has one. */
  private @Nullable Long[] seekingSinceMs;

  private boolean isUp;
  private boolean isPaused;

  GatewayNode(ClusterSimulation run, String name) {
    this.run = run;
    this.name = name;
  }

  /** Starts the process of this node. */
  void start() {
    number = run.log().nextRun();
    rumours = new Rumours();
    sockets = new LinkedHashMap<>();
    upgrades = new ArrayList<>();
    requests = new TreeMap<>();
    connections = 0;
    requestNumbers = 0;
    seekingSinceMs = new Long[ReplicatedLog.GROUPS.groups()];
    ways = new LinkedHashMap<>();
    links = new OwnerLinks(rumours, new Carrier(), run.time());
    closes = new UnansweredCloses(links);
    links.begin(this);
    run.hosts().forEach(host -> ways.put(host.name(), new Way(host)));
    isUp = true;
    isPaused = false;
  }

  private final class Carrier implements Transport {
    @Override
    public void toHost(Owner owner, ToHost record) {
      run.trace(
          "%s to %s in epoch %d: %s"
              .formatted(GatewayNode.this, owner.node(), owner.epoch(), describe(record)));
      ways.get(owner.node())
          .link
          .send(new Parcel(number, owner.epoch(), record), run.time().nowNs());
    }

    @Override
    public void toGateway(long gateway, FromHost record) {
      throw new UnsupportedOperationException("this node has no host");
    }

    @Override
    public void connect(HostEnd host, GatewayEnd gateway) {}
  }

  private static String describe(ToHost record) {
    return record instanceof ToHost.ForActor forActor
        ? Words.describe(forActor)
        : "announcement of "
            + LongStream.of(((ToHost.Announce) record).connections())
                .mapToObj(ConnectionId::new)
                .toList();
  }

  /** Lets the process die: its sockets are gone without a word. */
  void crash() {
    run.trace(this + " dies");
    isUp = false;
    sockets.clear();
    run.wires().died(this);
  }

  void pause(boolean pausing) {
    isPaused = pausing;
    run.trace(this + (pausing ? " stands still" : " goes on"));
  }

  OwnerLinks links() {
    return links;
  }

  List<ClusterSocket> sockets() {
    return new ArrayList<>(sockets.values());
  }

  /** Returns the actors that have been asked, and whose answers have not come. */
  int waiting() {
    return upgrades.size() + requests.size();
  }

  /** Returns the number of ends that no host has taken up. */
  long keptCloses() {
    return closes.size();
  }

  long number() {
    return number;
  }

  // The clients' steps follow.

  void connect(ActorId actor) {
    Pending upgrade = new Pending(actor, nextId(), run.time().nowMs());
    upgrades.add(upgrade);
    int group = ReplicatedLog.groupOf(actor);
    links.undisturbed(group, () -> ask(upgrade, group, links.owner(group)));
  }

  private ConnectionId nextId() {
    return ConnectionId.of(number, ++connections);
  }

  private void ask(Pending upgrade, int group, @Nullable Owner owner) {
    ConnectionId id = upgrade.asked;
    var unused =
        links.send(
            group, owner, new ToHost.Open(upgrade.actor, id, head("id", id.toString()), null));
  }

  void request(ActorId actor) {
    long request = ConnectionId.of(number, ++requestNumbers).value();
    Asked asked = new Asked(actor, run.time().nowMs());
    requests.put(request, asked);
    int group = ReplicatedLog.groupOf(actor);
    links.undisturbed(group, () -> ask(request, asked, group, links.owner(group)));
  }

  private void ask(long request, Asked asked, int group, @Nullable Owner owner) {
    boolean isSent =
        links.send(
            group,
            owner,
            new ToHost.Request(
                asked.actor,
                request,
                head("number", Long.toString(request)),
                new byte[0],
                requests.firstKey(),
                asked.isSent));
    if (isSent && asked.isSent) {
      run.count(ClusterHappening.REQUEST_REPEATED);
    }
    asked.isSent |= isSent;
  }

  private static RequestHead head(String name, String value) {
    return new RequestHead(
        "GET", "/", Map.of(name, List.of(value)), List.of(new Header("Host", "x")), "");
  }

  // The steps of the node follow.

  /** Lets some event loop do its next piece of work. */
  boolean runLoop() {
    List<ClusterSocket> ready = sockets.values().stream().filter(s -> !s.loop.isEmpty()).toList();
    if (ready.isEmpty()) {
      return false;
    }
    run.dice().pick(ready).loop.remove().run();
    return true;
  }

  void tick() {
    ways.values().forEach(way -> way.link.tick(run.time().nowNs()));
    links.tick();
    checkLimbo();
    long nowMs = run.time().nowMs();
    upgrades.removeIf(upgrade -> nowMs - upgrade.sinceMs >= UPGRADE_MS);
    requests.values().removeIf(asked -> nowMs - asked.sinceMs >= REQUEST_MS);
  }

  /** Checks that sockets are closed once their group has had no owner for too long. */
  private void checkLimbo() {
    for (int group = 0; group < seekingSinceMs.length; group++) {
      if (links.owner(group) != null) {
        seekingSinceMs[group] = null;
      } else if (seekingSinceMs[group] == null) {
        seekingSinceMs[group] = run.time().nowMs();
      } else if (run.time().nowMs() - seekingSinceMs[group] >= LIMBO_MS) {
        for (ClusterSocket socket : sockets.values()) {
          boolean isOpen = socket.state == ClusterSocket.State.OPEN && socket.loop.isEmpty();
          if (isOpen && ReplicatedLog.groupOf(socket.actor) == group) {
            run.ledger().broken(Promise.LIVENESS, "no owner is known for too long: " + socket);
          }
        }
      }
    }
  }

  void hearOf(int group) {
    rumours.hear(run.log().group(group));
  }

  boolean isQuiet() {
    return sockets.values().stream().allMatch(s -> s.loop.isEmpty());
  }

  /** Takes the end of a socket. */
  void report(ClusterSocket socket, ToHost.@Nullable Failed failed, ToHost.Closed closed) {
    run.ledger().reported(closed);
    closes.report(failed, closed);
    sockets.remove(socket.id, socket);
  }

  // The holder of what is unanswered follows.

  @Override
  public long[] announced(int group) {
    run.count(ClusterHappening.ANNOUNCED);
    return LongStream.concat(
            of(group).stream().mapToLong(s -> s.id.value()), closes.connections(group))
        .sorted()
        .distinct()
        .toArray();
  }

  @Override
  public long[] states(int group, long[] connections) {
    return LongStream.of(connections)
        .mapToObj(connection -> sockets.get(new ConnectionId(connection)))
        .mapToLong(
            socket ->
                socket == null
                    ? ToHost.Announce.NO_STATE
                    : ToHost.Announce.stateOf(socket.tags, ToHost.Announce.repliesHash(List.of())))
        .toArray();
  }

  private List<ClusterSocket> of(int group) {
    return sockets.values().stream()
        .filter(socket -> ReplicatedLog.groupOf(socket.actor) == group)
        .toList();
  }

  @Override
  public long firstNew() {
    return connections + 1;
  }

  @Override
  public void attached(int group, Owner owner) {
    of(group).forEach(socket -> socket.loop.add(() -> socket.attached(owner)));
    closes.attached(group, owner);
    for (Pending upgrade : List.copyOf(upgrades)) {
      if (ReplicatedLog.groupOf(upgrade.actor) == group && links.isAttached(group, owner)) {
        run.count(ClusterHappening.UPGRADE_ASKED_AGAIN);
        upgrade.asked = nextId();
        ask(upgrade, group, owner);
      }
    }
    Map.copyOf(requests).entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .filter(entry -> ReplicatedLog.groupOf(entry.getValue().actor) == group)
        .forEach(entry -> ask(entry.getKey(), entry.getValue(), group, owner));
  }

  @Override
  public void limboOver(int group) {
    run.count(ClusterHappening.LIMBO_OVER);
    of(group).forEach(socket -> socket.loop.add(socket::giveUp));
  }

  @Override
  public void unknown(int group, long[] unknown) {
    for (long connection : unknown) {
      ConnectionId id = new ConnectionId(connection);
      closes.ended(group, id);
      ClusterSocket socket = sockets.get(id);
      if (socket != null) {
        run.count(ClusterHappening.UNKNOWN_SOCKET);
        socket.loop.add(socket::giveUp);
      }
    }
  }

  @Override
  public void release(Release release) {
    int group = ReplicatedLog.groupOf(release.actor());
    run.ledger().released(this, release);
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Accepted accepted) {
        accepted(release.actor(), group, accepted);
      } else if (record instanceof ToGateway.Rejected rejected) {
        upgrades.removeIf(upgrade -> upgrade.asked.equals(rejected.connection()));
      } else if (record instanceof ToGateway.Responded responded) {
        if (requests.remove(responded.request()) != null) {
          run.ledger().responded(release.actor(), responded);
        }
      } else if (record instanceof ToGateway.Broadcast broadcast) {
        of(group).stream()
            .filter(s -> s.actor.equals(release.actor()) && s.state == ClusterSocket.State.OPEN)
            .filter(s -> s.tags.containsAll(broadcast.tags()))
            .filter(s -> !broadcast.except().contains(s.id))
            .forEach(s -> s.loop.add(() -> s.apply(broadcast)));
      } else if (record instanceof ToGateway.Ended ended) {
        closes.ended(group, ended.connection());
      } else {
        toSocket(record);
      }
    }
  }

  private void accepted(ActorId actor, int group, ToGateway.Accepted accepted) {
    ConnectionId id = accepted.connection();
    if (!upgrades.removeIf(upgrade -> upgrade.asked.equals(id))) {
      var unused =
          links.send(new ToHost.Closed(actor, id, CloseReason.abnormal(Cause.CONNECTION_LOST)));
      return;
    }
    sockets.put(id, new ClusterSocket(run, this, actor, id, accepted.tags(), links.owner(group)));
  }

  private void toSocket(ToGateway record) {
    ConnectionId id = Words.connection(record);
    ClusterSocket socket = id == null ? null : sockets.get(id);
    if (socket == null) {
      return;
    }
    if (record instanceof ToGateway.Retagged retagged) {
      socket.tags = retagged.tags();
      return;
    }
    socket.loop.add(() -> socket.apply(record));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isUp() {
    return isUp;
  }

  @Override
  public boolean isPaused() {
    return isPaused;
  }

  @Override
  @SuppressWarnings("unchecked") // hosts send their records
  public void receive(String from, Frame<?> frame) {
    ways.get(from).link.receive((Frame<FromHost>) frame, run.time().nowNs());
  }

  @Override
  public void wireUp(String to) {
    if (isUp && !isPaused) {
      ways.get(to).link.carrierUp(run.time().nowNs());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
