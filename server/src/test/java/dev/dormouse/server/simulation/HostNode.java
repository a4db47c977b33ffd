package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.Link.Frame;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.server.simulation.Wires.Parcel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node with a production host; a crash leaves nothing of it but its copy of the log. */
final class HostNode implements Wires.End {
  private record Task(ActorId actor, Runnable work) {}

  /** The link to a gateway's node, with the run of the gateway that was heard last. */
  private final class Way implements Link.Outside<FromHost, Parcel> {
    private final Wires.End gateway;
    private final Link<FromHost, Parcel> link;
    private @Nullable Long peer;

    Way(Wires.End gateway) {
      this.gateway = gateway;
      this.link =
          new Link<>(
              store.run() << 20,
              Wires.limits(run.weather()),
              record -> 1,
              parcel -> 1,
              this,
              run.time().nowNs());
    }

    @Override
    public void carry(Frame<FromHost> frame) {
      run.wires().carry(HostNode.this, gateway, frame);
    }

    @Override
    public void delivered(Parcel parcel) {
      if (peer == null || peer != parcel.gateway()) {
        peer = parcel.gateway();
        ways.put(peer, this);
      }
      host.accept(parcel.gateway(), parcel.epoch(), parcel.record());
    }

    @Override
    public void broken(String why) {
      run.trace(HostNode.this + " has lost " + gateway + ": " + why);
      run.count(ClusterHappening.LINK_BROKEN);
      Long lost = peer;
      if (lost != null) {
        peer = null;
        ways.remove(lost);
        host.broken(lost);
      }
    }
  }

  private final ClusterSimulation run;
  private final String name;
  private ReplicatedStore store;
  private ActorHost host;
  private Rumours rumours;
  private Map<String, Way> links;
  private Map<Long, Way> ways;
  private List<Task> tasks;
  private boolean isUp;
  private boolean isPaused;

  /** Is true while the other hosts cannot be reached. */
  private boolean isAlone;

  /** The group that is being handed over; null if there is none. */
  private @Nullable Integer leaving;

  private @Nullable ActorId running;

  HostNode(ClusterSimulation run, String name) {
    this.run = run;
    this.name = name;
  }

  /** Starts the process of this node. */
  void start() {
    store = new ReplicatedStore(run, this, store);
    rumours = new Rumours();
    ways = new HashMap<>();
    tasks = new ArrayList<>();
    leaving = null;
    running = null;
    host =
        new ActorHost(
            List.of(type("room", FailurePolicy.KEEP_OPEN), type("game", FailurePolicy.CLOSE)),
            store,
            new Carrier(),
            name,
            rumours,
            ActorHost.NO_ROUTE,
            run.time(),
            run.weather().options(),
            new Observers(run.time()));
    store.listen(host);
    links = new LinkedHashMap<>();
    run.gateways().forEach(gateway -> links.put(gateway.name(), new Way(gateway)));
    isUp = true;
    isPaused = false;
  }

  private ActorType type(String type, FailurePolicy policy) {
    List<Task> queue = tasks;
    return new ActorType(
        type,
        () -> ClusterActor.make(run, this, store.epochOf(running)),
        new TextCodec(),
        id -> task -> queue.add(new Task(id, task)),
        ActorOptions.defaults().failurePolicy(policy));
  }

  private final class Carrier implements Transport {
    @Override
    public void toHost(Owner owner, ToHost record) {
      throw new UnsupportedOperationException("this node has no gateway");
    }

    @Override
    public void toGateway(long gateway, FromHost record) {
      Way way = ways.get(gateway);
      if (way != null) {
        way.link.send(record, run.time().nowNs());
      }
    }

    @Override
    public void connect(HostEnd host, GatewayEnd gateway) {}
  }

  /** Lets the process die. */
  void crash() {
    run.trace(this + " dies");
    isUp = false;
    store.crash();
    tasks.clear();
    run.wires().died(this);
  }

  void pause(boolean pausing) {
    isPaused = pausing;
    run.trace(this + (pausing ? " stands still" : " goes on"));
  }

  void isolate(boolean alone) {
    isAlone = alone;
    run.trace(this + (alone ? " is cut off from the other hosts" : " reaches the other hosts"));
  }

  boolean isAlone() {
    return isAlone;
  }

  /** Returns whether this node takes part in majorities. */
  boolean isVoting() {
    return isUp && !isPaused && !isAlone;
  }

  ReplicatedStore store() {
    return store;
  }

  ActorHost host() {
    return host;
  }

  // The steps follow; the node is up, and does not stand still.

  boolean runTask() {
    if (tasks.isEmpty()) {
      return false;
    }
    Task task = tasks.remove(run.dice().below(tasks.size()));
    run.trace(this + " runs " + task.actor);
    ActorId before = running;
    running = task.actor;
    task.work.run();
    running = before;
    return true;
  }

  void tick() {
    links.values().forEach(way -> way.link.tick(run.time().nowNs()));
    host.tick();
    host.ringAlarms();
  }

  void hearOf(int group) {
    rumours.hear(run.log().group(group));
  }

  void hibernate(ActorId actor) {
    var unused = host.hibernate(actor);
  }

  /** Hands a group over in good order. */
  void handOver(int group) {
    if (leaving != null || store.epoch(group) == 0) {
      return;
    }
    leaving = group;
    run.trace(this + " leaves group " + group);
    ReplicatedStore ofThisLife = store;
    host.giveUp(group, null, Duration.ofSeconds(run.dice().between(1, 20)))
        .thenRun(
            () -> {
              if (store == ofThisLife) {
                leaving = null;
                run.trace(this + " has left group " + group);
                run.count(ClusterHappening.HANDED_OVER);
                run.log().handedOver(store, group);
              }
            });
  }

  boolean isQuiet() {
    return tasks.isEmpty() && store.isQuiet();
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
  @SuppressWarnings("unchecked") // gateways send parcels
  public void receive(String from, Frame<?> frame) {
    links.get(from).link.receive((Frame<Parcel>) frame, run.time().nowNs());
  }

  @Override
  public void wireUp(String to) {
    if (isUp && !isPaused) {
      links.get(to).link.carrierUp(run.time().nowNs());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
