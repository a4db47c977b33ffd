package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One run of a node: the production host, and around it a gateway, a transport, an executor and a
 * store that do nothing before a step tells them to. When the node dies, all of these are dropped
 * but the disk.
 */
final class SimulatedNode {
  /** The largest attachment. */
  static final int ATTACHMENT_BYTES_MAX = 60;

  private record Task(ActorId actor, Runnable work) {}

  final SimulatedStore store;
  final SimulatedGateway gateway;
  final ActorHost host;

  private final Simulation run;
  private final List<Task> tasks = new ArrayList<>();
  private final Map<ActorId, ArrayDeque<Release>> releases = new LinkedHashMap<>();
  private final List<ToHost.Request> requests = new ArrayList<>();
  private final List<ToHost.ForActor> repeated = new ArrayList<>();
  private final List<ToHost> answers = new ArrayList<>();
  private long connections;
  private CompletableFuture<?> leftovers = CompletableFuture.completedFuture(null);
  private long tasksRun;
  private boolean isStopping;

  /** True if there were more actors in memory at the last tick than there may be. */
  private boolean isCrowded;

  private int brought;

  /**
   * The actor whose task runs; {@link #runTask} remembers the actors whose tasks wait for that task
   * to return.
   */
  private @Nullable ActorId running;

  SimulatedNode(Simulation run, SimulatedStore.Disk disk) {
    this.run = run;
    this.store = new SimulatedStore(run, disk);
    this.gateway = new SimulatedGateway(run);
    this.host =
        new ActorHost(
            List.of(type("room", FailurePolicy.KEEP_OPEN), type("game", FailurePolicy.CLOSE)),
            store,
            new Carrier(),
            run.time(),
            run.weather().options());
  }

  private ActorType type(String name, FailurePolicy policy) {
    return new ActorType(
        name,
        () -> RandomActor.make(run),
        new TextCodec(),
        id -> task -> tasks.add(new Task(id, task)),
        ActorOptions.defaults().failurePolicy(policy).attachmentBytesMax(ATTACHMENT_BYTES_MAX));
  }

  /** Takes the host's releases; events enter the host by {@link #deliverToHost}. */
  private final class Carrier implements Transport {
    @Override
    public void toHost(Owner owner, ToHost record) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void toGateway(long gateway, FromHost record) {
      Release release = (Release) record;
      run.oracle().releases().released(release, store.epochOf(release.actor()));
      releases.computeIfAbsent(release.actor(), id -> new ArrayDeque<>()).add(release);
    }

    @Override
    public void connect(HostEnd host, GatewayEnd gateway) {}
  }

  // The steps follow. Each does nothing if there is nothing to do.

  /** Runs a task of the host. */
  void runTask() {
    if (!tasks.isEmpty()) {
      int chosen = run.dice().below(tasks.size());
      Task task = tasks.set(chosen, tasks.get(tasks.size() - 1));
      tasks.remove(tasks.size() - 1);
      run.trace("run " + task.actor);
      tasksRun++;
      ActorId before = running;
      running = task.actor;
      task.work.run();
      running = before;
    }
  }

  /** Returns the actor whose task runs. */
  ActorId runningActor() {
    return running;
  }

  /** Returns the number of tasks that ran; it reveals a host that never comes to rest. */
  long tasksRun() {
    return tasksRun;
  }

  /** Brings something to the host. */
  void deliverToHost() {
    List<SimulatedSocket> ready =
        gateway.sockets().stream().filter(socket -> !socket.toHost.isEmpty()).toList();
    if (!answers.isEmpty() && (ready.isEmpty() || run.dice().chance(20))) {
      host.accept(answers.remove(run.dice().below(answers.size())));
      return;
    }
    int choices = ready.size() + (requests.isEmpty() ? 0 : 1) + (repeated.isEmpty() ? 0 : 1);
    if (choices == 0) {
      return;
    }
    int chosen = run.dice().below(choices);
    if (chosen < ready.size()) {
      ToHost.ForActor record = ready.get(chosen).toHost.remove();
      if (record instanceof ToHost.Closed && run.dice().chance(run.weather().repeatPercent())) {
        repeated.add(record);
      }
      deliver(record);
    } else if (chosen == ready.size() && !requests.isEmpty()) {
      deliver(requests.remove(run.dice().below(requests.size())));
    } else {
      run.count(Happening.CLOSE_TOLD_TWICE);
      deliver(repeated.remove(run.dice().below(repeated.size())));
    }
  }

  private void deliver(ToHost.ForActor record) {
    run.trace("to host: " + Words.describe(record));
    brought++;
    run.oracle().delivered(record);
    host.accept(record);
  }

  /** Brings some actor's next release to the gateway. */
  void deliverToGateway() {
    if (!releases.isEmpty()) {
      ActorId actor = run.dice().pick(List.copyOf(releases.keySet()));
      ArrayDeque<Release> waiting = releases.get(actor);
      Release release = waiting.remove();
      if (waiting.isEmpty()) {
        releases.remove(actor);
      }
      gateway.accept(release);
    }
  }

  /** Brings a record of a release to a socket's event loop. */
  void deliverToClient() {
    List<SimulatedSocket> ready =
        gateway.sockets().stream().filter(socket -> !socket.toClient.isEmpty()).toList();
    if (!ready.isEmpty()) {
      SimulatedSocket socket = run.dice().pick(ready);
      ToGateway record = socket.toClient.remove();
      boolean isHandled = record instanceof ToGateway.Handled;
      if (isHandled && run.dice().chance(run.weather().repeatPercent())) {
        if (socket.toClient.stream().anyMatch(ToGateway.Handled.class::isInstance)) {
          return; // the record is lost: a later one says the same and more
        }
        socket.apply(record);
      }
      socket.apply(record);
      if (record instanceof ToGateway.Send send) {
        answer(socket.actor, send, socket.state == SimulatedSocket.State.OPEN);
        run.oracle().releases().heard(socket.actor, send.payload());
      }
      gateway.tidy();
    }
  }

  /** Reports the outcome of a message, if the actor asked for it. */
  void answer(ActorId actor, ToGateway.Send send, boolean isWritten) {
    if (send.report() != 0) {
      Outcome outcome = isWritten ? Outcome.WRITTEN : Outcome.CONNECTION_CLOSED;
      answers.add(new ToHost.Delivered(actor, send.connection(), send.report(), outcome));
    }
  }

  /** Returns whether nothing is on its way anywhere. */
  boolean isQuiet() {
    return tasks.isEmpty()
        && releases.isEmpty()
        && requests.isEmpty()
        && repeated.isEmpty()
        && answers.isEmpty()
        && store.isIdle()
        && gateway.sockets().stream().allMatch(s -> s.toHost.isEmpty() && s.toClient.isEmpty());
  }

  // The steps of clients follow.

  void connect(ActorId actor) {
    ConnectionId id = ConnectionId.of(store.run(), ++connections);
    SimulatedSocket socket = new SimulatedSocket(actor, id);
    socket.toHost.add(new ToHost.Open(actor, id, head("id", id.toString()), null));
    gateway.add(socket);
  }

  long request(ActorId actor) {
    long number = run.nextNumber();
    gateway.addRequest(number);
    requests.add(
        new ToHost.Request(actor, number, head("number", Long.toString(number)), new byte[0]));
    return number;
  }

  private static RequestHead head(String name, String value) {
    return new RequestHead(
        "GET", "/", Map.of(name, List.of(value)), List.of(new Header("Host", "x")), "");
  }

  /** Closes the connections that dead nodes have left. */
  void closeLeftovers() {
    run.trace("close leftovers");
    brought++;
    run.outside(() -> leftovers = CompletableFuture.allOf(leftovers, host.closeLeftovers()));
  }

  /** Returns whether some of those connections are not closed yet. */
  boolean hasLeftovers() {
    return !leftovers.isDone();
  }

  /** Has the host look for alarms, as is done once the leftovers are closed. */
  void ringAlarms() {
    if (!hasLeftovers()) {
      run.outside(host::ringAlarms);
    }
  }

  void tick() {
    host.tick();
    isCrowded = host.activeActors() > run.weather().options().activeActorsMax();
  }

  /** Returns whether there were more actors in memory at the last tick than there may be. */
  boolean isCrowded() {
    return isCrowded;
  }

  boolean isStopping() {
    return isStopping;
  }

  /** Returns whether upgrades may be refused though no event of a client waits. */
  boolean isRefusing() {
    return isStopping || hasLeftovers();
  }

  /** Stops the host. The check runs then, unless something came meanwhile. */
  void stop(Runnable check) {
    isStopping = true;
    int before = brought;
    CompletableFuture<?> stopped =
        host.stop()
            .thenRun(
                () -> {
                  if (brought == before) {
                    check.run();
                  }
                });
    run.trace(stopped.isDone() ? "stopped at once" : "stopping");
  }
}
