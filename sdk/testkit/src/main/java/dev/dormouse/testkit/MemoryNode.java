package dev.dormouse.testkit;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.gateway.MemoryGateway;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * One life of a node: the host and the sockets of the real server over a disk in memory, with a
 * queue in the place of all threads. After {@link #kill} it does nothing any more.
 */
final class MemoryNode {
  /** The time between two looks of the server for idle actors and late turns. */
  private static final Duration ROUND = Duration.ofMillis(250);

  /** The most looks in one passage of time; over a long time the looks are farther apart. */
  private static final int ROUNDS_MAX = 4_096;

  /** The steps after which it is certain that the actors never come to rest. */
  private static final int STEPS_MAX = 1_000_000;

  /** The rounds of alarms at one time after which it is certain that there is no end of them. */
  private static final int RINGS_MAX = 10_000;

  final NodeStore store;
  final ActorHost host;
  final MemoryGateway gateway;

  private final ManualTime time;
  private final boolean isSleepy;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final ArrayDeque<ToHost> toHost = new ArrayDeque<>();

  /** The actors that were awake in this life. */
  private final Set<ActorId> known = new LinkedHashSet<>();

  private volatile boolean isDead;
  private boolean isResting;

  /**
   * Starts a node on a disk, closes what an earlier life left there, and rings what is due.
   *
   * @param isSleepy whether every actor hibernates after every event
   */
  MemoryNode(
      List<ActorDefinition> actors,
      MemoryDisk disk,
      StorageFaults faults,
      ManualTime time,
      DormouseObserver observer,
      boolean isSleepy) {
    this.time = time;
    this.isSleepy = isSleepy;
    this.store = faults.in(Stores.memory(disk));
    Observers observers = new Observers(time);
    var unused = observers.add(observer);
    var unusedToo =
        observers.add(
            new DormouseObserver() {
              @Override
              public void actorActivated(ActorActivated activated) {
                known.add(activated.actor());
              }
            });
    Executor executor = this::execute;
    Carrier carrier = new Carrier();
    this.host =
        new ActorHost(
            actors.stream().map(actor -> actor.type(id -> executor)).toList(),
            store,
            carrier,
            time,
            HostOptions.defaults(),
            observers);
    this.gateway =
        new MemoryGateway(
            GatewayOptions.defaults(),
            actors.stream().map(ActorDefinition::route).toList(),
            carrier,
            time,
            store.run(),
            observers);
  }

  /** Closes the connections of earlier lives, and rings the alarms that are due. */
  void start() {
    CompletableFuture<Long> closed = host.closeLeftovers();
    rest();
    if (closed.isCompletedExceptionally()) {
      closed.join();
    }
    ring();
  }

  /** Brings records of the gateway to the host one after the other, in {@link #rest}. */
  private final class Carrier implements Transport {
    @Override
    public void toHost(Owner owner, ToHost record) {
      if (!isDead) {
        toHost.add(record);
      }
    }

    @Override
    public void toGateway(long gatewayRun, FromHost record) {
      if (!isDead) {
        gateway.accept(record);
      }
    }

    @Override
    public void connect(HostEnd host, GatewayEnd gateway) {}
  }

  private void execute(Runnable task) {
    if (!isDead) {
      tasks.add(task);
    }
  }

  /** Does everything that is under way, on the caller's thread. */
  void rest() {
    if (isResting) {
      return; // a handler or an observer of the test has called a verb; the caller goes on
    }
    isResting = true;
    try {
      int steps = 0;
      boolean hasMoved = true;
      while (hasMoved && !isDead) {
        hasMoved = runTasks();
        hasMoved |= gateway.run();
        ToHost next = hasMoved ? null : toHost.poll();
        if (next != null) {
          hasMoved = true;
          host.accept(next);
          hibernateAfter();
        }
        if (++steps > STEPS_MAX) {
          throw new AssertionError(
              "the actors do not come to rest: after " + STEPS_MAX + " steps there is always more");
        }
      }
    } finally {
      isResting = false;
    }
  }

  private boolean runTasks() {
    boolean hasMoved = false;
    int steps = 0;
    for (Runnable task = tasks.poll(); task != null && !isDead; task = tasks.poll()) {
      hasMoved = true;
      task.run();
      if (++steps > STEPS_MAX) {
        throw new AssertionError(
            "the actors do not come to rest: after " + STEPS_MAX + " tasks there is always more");
      }
    }
    return hasMoved;
  }

  /** Has every actor hibernate, if the test asked for that, before the next event comes. */
  private void hibernateAfter() {
    if (!isSleepy) {
      return;
    }
    boolean hasMoved = true;
    while (hasMoved) {
      hasMoved = runTasks();
      hasMoved |= gateway.run();
    }
    for (ActorId actor : List.copyOf(known)) {
      if (host.isActive(actor)) {
        var unused = host.hibernate(actor);
        runTasks();
      }
    }
  }

  /** Rings the alarms that are due, also those that the handlers of alarms set. */
  private void ring() {
    int rings = 0;
    boolean isMore = true;
    while (isMore && !isDead) {
      long before = host.alarmCounts().rung();
      isMore = host.ringAlarms();
      hibernateAfter();
      rest();
      isMore |= host.alarmCounts().rung() > before;
      if (++rings > RINGS_MAX) {
        throw new AssertionError("alarms ring without end: each handler sets one that is due");
      }
    }
  }

  /** Lets time pass: timers, alarms, idle actors and late turns come at their time. */
  void advance(Duration by) {
    rest();
    ring();
    long leftNs = by.toNanos();
    long roundNs = Math.max(ROUND.toNanos(), leftNs / ROUNDS_MAX);
    while (leftNs > 0 && !isDead) {
      long stepNs = Math.min(Math.min(leftNs, roundNs), untilAlarmNs());
      time.advance(Duration.ofNanos(stepNs));
      leftNs -= stepNs;
      host.tick();
      rest();
      ring();
    }
  }

  /** Returns the time until the next alarm that is not due yet. */
  private long untilAlarmNs() {
    long nowMs = time.wallMs();
    long nextMs = Long.MAX_VALUE;
    for (DueClock clock : DueClock.values()) {
      for (DueAlarm alarm : store.firstDue(clock)) {
        nextMs = alarm.ms() > nowMs ? Math.min(nextMs, alarm.ms()) : nextMs;
      }
    }
    return nextMs == Long.MAX_VALUE ? nextMs : Duration.ofMillis(nextMs - nowMs).toNanos();
  }

  /** Stops in good order, as a restart of the server does. */
  void stop(int code) {
    gateway.shutdown(code);
    rest();
    var unused = host.stop();
    rest();
    isDead = true;
    gateway.kill();
    store.close();
  }

  /** Ends at once: what is not on the disk is gone. */
  void kill() {
    isDead = true;
    tasks.clear();
    toHost.clear();
    gateway.kill();
  }

  /** Returns the actors that were awake in this life. */
  Set<ActorId> known() {
    return known;
  }
}
