package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.simulation.ReplicatedLog.Group;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a cluster, which its seed decides entirely: hosts, gateways, the carriers between them
 * and the log of the hosts, step by step in one thread; then healing, under the eyes of the ledger.
 */
public final class ClusterSimulation {
  /** The outcome of a run. */
  record Outcome(
      long seed,
      @Nullable String broken,
      long hash,
      Map<ClusterHappening, Integer> happenings,
      List<String> last) {}

  private enum Step {
    RUN,
    FRAMES,
    LOOP,
    KEEP,
    APPLY,
    REPORT,
    CONFIRM,
    SAY,
    TICK,
    CONNECT,
    END,
    REQUEST,
    STAGE,
    HIBERNATE,
    HEAR,
    LEARN,
    ELECT,
    HAND_OVER,
    CRASH_HOST,
    CRASH_GATEWAY,
    PAUSE,
    CUT,
    FULL,
    JUMP
  }

  private static final int DEPOSED_LEARN_PERCENT = 8;

  private final Dice dice;
  private final ClusterWeather weather;
  private final SimulatedTime time = new SimulatedTime();
  private final Trace trace;
  private final Ledger ledger;
  private final ReplicatedLog log;
  private final Wires wires;
  private final List<ActorId> actors;
  private final List<HostNode> hosts = new ArrayList<>();
  private final List<GatewayNode> gateways = new ArrayList<>();
  private final List<CompletableFuture<Void>> stages = new ArrayList<>();
  private final List<Step> drawn = new ArrayList<>();
  private final Map<ClusterHappening, Integer> happenings = new EnumMap<>(ClusterHappening.class);
  private boolean isCalm;

  private ClusterSimulation(long seed, @Nullable PrintStream out) {
    dice = new Dice(seed);
    weather = ClusterWeather.draw(dice);
    trace = new Trace(time, out);
    ledger = new Ledger(this);
    wires = new Wires(this);
    log = new ReplicatedLog(this, 3);
    actors =
        IntStream.range(0, weather.actors())
            .mapToObj(i -> new ActorId(i % 2 == 0 ? "room" : "game", "" + (char) ('a' + i)))
            .toList();
    for (Step step : Step.values()) {
      drawn.addAll(Collections.nCopies(weight(step), step));
    }
    trace("seed " + seed + ", " + weather);
    IntStream.range(0, weather.hosts()).forEach(i -> hosts.add(new HostNode(this, "h" + i)));
    IntStream.range(0, weather.gateways())
        .forEach(i -> gateways.add(new GatewayNode(this, "g" + i)));
    hosts.forEach(HostNode::start);
    gateways.forEach(GatewayNode::start);
    log.groups().forEach(group -> log.elect(group, dice.pick(hosts)));
  }

  /**
   * Runs a seed.
   *
   * @param out where every step is printed; null for nowhere
   */
  static Outcome run(long seed, @Nullable PrintStream out) {
    ClusterSimulation run = new ClusterSimulation(seed, out);
    try {
      run.live();
    } catch (RuntimeException | Error e) {
      run.ledger.broken(Promise.LIVENESS, "thrown out of a step: " + describe(e));
      if (out != null) {
        e.printStackTrace(out);
      }
    }
    return new Outcome(
        seed, run.ledger.broken(), run.trace.hash(), run.happenings, run.trace.lastLines());
  }

  /**
   * Returns the promise that a seed breaks, in words; null if none. It serves callers that have
   * loaded the class anew.
   */
  public static @Nullable String broken(long seed) {
    return run(seed, null).broken();
  }

  private static String describe(Throwable e) {
    StackTraceElement[] stack = e.getStackTrace();
    return e + (stack.length == 0 ? "" : " at " + stack[0]);
  }

  private void live() {
    for (int i = 0; i < weather.steps() && !isBroken(); i++) {
      take(dice.pick(drawn));
    }
    if (!isBroken()) {
      isCalm = true;
      new ClusterHealing(this).heal();
    }
  }

  private int weight(Step step) {
    return switch (step) {
      case RUN -> 250;
      case FRAMES -> 200;
      case LOOP -> 120;
      case APPLY -> 110;
      case SAY -> 100;
      case KEEP, REPORT -> 80;
      case TICK -> 60;
      case CONFIRM -> 60;
      case CONNECT, STAGE -> 25;
      case HEAR -> 30;
      case REQUEST -> 20;
      case END -> 12;
      case HIBERNATE -> 6;
      case LEARN -> 5;
      case ELECT -> weather.electWeight();
      case HAND_OVER -> weather.handOverWeight();
      case CRASH_HOST -> weather.hostCrashWeight();
      case CRASH_GATEWAY -> weather.gatewayCrashWeight();
      case PAUSE -> weather.pauseWeight();
      case CUT -> weather.cutWeight();
      case FULL -> weather.fullWeight();
      case JUMP -> weather.jumpWeight();
    };
  }

  private void take(Step step) {
    List<HostNode> running = runningHosts();
    List<GatewayNode> serving = runningGateways();
    HostNode host = running.isEmpty() ? null : dice.pick(running);
    GatewayNode gateway = serving.isEmpty() ? null : dice.pick(serving);
    switch (step) {
      case FRAMES -> wires.deliverSome(dice.between(1, 8));
      case KEEP -> log.keepSome();
      case TICK -> tick(dice.below(150));
      case JUMP -> tick(dice.chance(70) ? dice.below(4_000) : dice.below(16_000));
      case STAGE -> completeStage();
      case ELECT -> log.elect();
      case CRASH_HOST -> crashOrStart(dice.pick(hosts));
      case CRASH_GATEWAY -> crashOrStart(dice.pick(gateways));
      case PAUSE -> pause();
      case CUT -> cut();
      case SAY -> say();
      case END -> end();
      case RUN, APPLY, REPORT, CONFIRM, HIBERNATE, LEARN, HAND_OVER, FULL -> {
        if (host != null) {
          take(step, host);
        }
      }
      case LOOP, CONNECT, REQUEST -> {
        if (gateway != null) {
          take(step, gateway);
        }
      }
      case HEAR -> {
        for (int group = 0; group < log.groups().size(); group++) {
          if (gateway != null) {
            gateway.hearOf(group);
          }
          if (host != null) {
            host.hearOf(group);
          }
        }
      }
    }
  }

  private void take(Step step, HostNode host) {
    switch (step) {
      case RUN -> host.runTask();
      case APPLY -> host.store().applySome();
      case REPORT -> host.store().reportSome();
      case CONFIRM -> host.store().confirmSome();
      case HIBERNATE -> host.hibernate(dice.pick(actors));
      case LEARN -> host.store().learn(weather.electWeight() > 0 && dice.chance(10));
      case HAND_OVER -> host.handOver(dice.below(log.groups().size()));
      default -> host.store().fill(dice.chance(40));
    }
  }

  private void take(Step step, GatewayNode gateway) {
    switch (step) {
      case LOOP -> gateway.runLoop();
      case CONNECT -> {
        if (sockets().size() + gateway.waiting() < weather.connectionsMax()) {
          gateway.connect(dice.pick(actors));
        }
      }
      default -> gateway.request(dice.pick(actors));
    }
  }

  /** Lets time pass, and lets most nodes do what is due. */
  void tick(long byMs) {
    time.advance(byMs);
    for (Group group : log.groups()) {
      boolean isLed = group.leader != null && group.leader.node().isVoting();
      if (!isLed && dice.chance(isCalm ? 50 : 25)) {
        log.elect();
      }
    }
    for (HostNode host : runningHosts()) {
      if (isCalm || dice.chance(70)) {
        host.tick();
        if (dice.chance(DEPOSED_LEARN_PERCENT)) {
          host.store().learn(false);
        }
      }
    }
    for (GatewayNode gateway : runningGateways()) {
      if (isCalm || dice.chance(70)) {
        gateway.tick();
      }
    }
  }

  List<HostNode> runningHosts() {
    return hosts.stream().filter(h -> h.isUp() && !h.isPaused()).toList();
  }

  List<GatewayNode> runningGateways() {
    return gateways.stream().filter(g -> g.isUp() && !g.isPaused()).toList();
  }

  List<ClusterSocket> sockets() {
    return runningGateways().stream().flatMap(g -> g.sockets().stream()).toList();
  }

  private void completeStage() {
    if (!stages.isEmpty()) {
      stages.remove(dice.below(stages.size())).complete(null);
    }
  }

  void addStage(CompletableFuture<Void> stage) {
    stages.add(stage);
  }

  void completeStages() {
    while (!stages.isEmpty()) {
      completeStage();
    }
  }

  private void say() {
    List<ClusterSocket> open = sockets().stream().filter(ClusterSocket::maySay).toList();
    if (!open.isEmpty()) {
      ClusterSocket socket = dice.pick(open);
      for (int i = dice.chance(70) ? 1 : dice.between(2, 16); i > 0 && socket.maySay(); i--) {
        socket.say();
      }
    }
  }

  private void end() {
    List<ClusterSocket> all = sockets();
    if (!all.isEmpty()) {
      ClusterSocket socket = dice.pick(all);
      trace("client of " + socket + " goes");
      switch (dice.below(3)) {
        case 0 -> socket.leave();
        case 1 -> socket.end(CloseReason.abnormal(Cause.CONNECTION_LOST), null);
        default -> socket.end(new CloseReason(1002, "", Cause.VIOLATION), "bad frame");
      }
    }
  }

  private void crashOrStart(HostNode host) {
    if (host.isUp()) {
      host.crash();
      count(ClusterHappening.HOST_CRASH);
    }
    if (dice.chance(70)) {
      start(host);
    }
  }

  void start(HostNode host) {
    trace(host + " starts");
    host.start();
  }

  private void crashOrStart(GatewayNode gateway) {
    if (gateway.isUp()) {
      gateway.crash();
      count(ClusterHappening.GATEWAY_CRASH);
    }
    if (dice.chance(70)) {
      start(gateway);
    }
  }

  void start(GatewayNode gateway) {
    trace(gateway + " starts");
    gateway.start();
  }

  private void pause() {
    count(ClusterHappening.PAUSE);
    if (dice.chance(60)) {
      HostNode host = dice.pick(hosts);
      host.pause(!host.isPaused());
    } else {
      GatewayNode gateway = dice.pick(gateways);
      gateway.pause(!gateway.isPaused());
    }
  }

  private void cut() {
    HostNode host = dice.pick(hosts);
    GatewayNode gateway = dice.pick(gateways);
    if (dice.chance(20)) {
      host.isolate(!host.isAlone());
    } else if (wires.isCut(host, gateway)) {
      wires.mend(host, gateway);
    } else {
      wires.cut(host, gateway);
      if (dice.chance(50)) {
        wires.mend(host, gateway); // what was under way is lost all the same
      }
    }
  }

  /** Returns whether a connection's gateway is gone. */
  boolean isLost(ConnectionId id) {
    return gateways.stream().noneMatch(g -> g.isUp() && g.number() == id.run());
  }

  /** Returns whether a handler is to do something bad. */
  boolean mayMisbehave(int percent) {
    return !isCalm && dice.chance(percent);
  }

  /** Returns whether a carrier is to do something bad. */
  boolean mayBeRough(int percent) {
    return !isCalm && percent > 0 && dice.chance(percent);
  }

  boolean isRough() {
    return !isCalm && weather.isRough();
  }

  boolean isCalm() {
    return isCalm;
  }

  boolean isBroken() {
    return ledger.broken() != null;
  }

  Dice dice() {
    return dice;
  }

  ClusterWeather weather() {
    return weather;
  }

  SimulatedTime time() {
    return time;
  }

  Ledger ledger() {
    return ledger;
  }

  ReplicatedLog log() {
    return log;
  }

  Wires wires() {
    return wires;
  }

  List<ActorId> actors() {
    return actors;
  }

  List<HostNode> hosts() {
    return hosts;
  }

  List<GatewayNode> gateways() {
    return gateways;
  }

  void count(ClusterHappening happening) {
    happenings.merge(happening, 1, Integer::sum);
  }

  void trace(String text) {
    trace.line(0, text);
  }
}
