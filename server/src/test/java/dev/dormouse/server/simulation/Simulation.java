package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.server.simulation.TurnModel.Fate;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One run, which its seed decides entirely: steps of the production host in simulated surroundings,
 * then healing, under the eyes of the oracle. There is one thread; a handler that is held up lets
 * other steps happen meanwhile.
 */
public final class Simulation {
  /** The greatest depth of handlers' steps within handlers' steps. */
  private static final int DEPTH_MAX = 2;

  /** The outcome of a run. */
  record Outcome(
      long seed,
      @Nullable String broken,
      long hash,
      Map<Happening, Integer> happenings,
      List<String> last) {}

  /** A stage that a turn waits for. */
  record Stage(TurnModel turn, CompletableFuture<Void> begun, CompletableFuture<Void> awaited) {}

  private final Dice dice;
  private final Weather weather;
  private final SimulatedTime time = new SimulatedTime();
  private final Trace trace;
  private final Oracle oracle;
  private final SimulatedStore.Disk disk = new SimulatedStore.Disk();
  private final List<ActorId> actors;
  private final List<Stage> stages = new ArrayList<>();
  private final List<CompletableFuture<Void>> background = new ArrayList<>();
  private final Questions questions = new Questions(this);
  private final Steps steps;
  private SimulatedNode node;
  private int depth;
  private long numbers;
  private final Map<Happening, Integer> happenings = new EnumMap<>(Happening.class);
  private boolean isCalm;
  private boolean isOutside;

  private Simulation(long seed, @Nullable PrintStream out) {
    dice = new Dice(seed);
    weather = Weather.draw(dice);
    trace = new Trace(time, out);
    oracle = new Oracle(this);
    steps = new Steps(this);
    actors =
        IntStream.range(0, weather.actors())
            .mapToObj(i -> new ActorId(i % 2 == 0 ? "room" : "game", "" + (char) ('a' + i)))
            .toList();
    trace("seed " + seed + ", " + weather);
    node = new SimulatedNode(this, disk);
  }

  /**
   * Runs a seed.
   *
   * @param out where every step is printed; null for nowhere
   */
  static Outcome run(long seed, @Nullable PrintStream out) {
    Simulation run = new Simulation(seed, out);
    try {
      run.live();
    } catch (RuntimeException | Error e) {
      run.oracle.broken(Promise.LIVENESS, "thrown out of a step: " + describe(e));
    } finally {
      run.trace("end: " + (Thread.interrupted() ? "interrupted" : "whole"));
    }
    return new Outcome(
        seed, run.oracle.broken(), run.trace.hash(), run.happenings, run.trace.lastLines());
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
      steps.any();
      checkBetweenSteps();
    }
    if (!isBroken()) {
      isCalm = true;
      new Healing(this).heal();
    }
  }

  void checkBetweenSteps() {
    if (Thread.interrupted()) {
      oracle.broken(Promise.BAD_HANDLER, "a thread is left interrupted");
    }
  }

  /**
   * Lets other steps happen while the handler of a turn, or the caller of the store, is held up.
   */
  void meanwhile(@Nullable TurnModel turn) {
    if (!mayNest() || isCalm || (turn == null && !dice.chance(15))) {
      return;
    }
    depth++;
    int number = dice.between(1, 8);
    for (int i = 0; i < number && !isBroken(); i++) {
      steps.any();
    }
    depth--;
    if (turn != null && turn.isInterrupted) {
      turn.isInterrupted = false;
      Thread.currentThread().interrupt();
    }
  }

  boolean mayNest() {
    return depth < DEPTH_MAX;
  }

  boolean isNested() {
    return depth > 0;
  }

  /** Lets time pass, and tells the host. */
  void tick(long byMs) {
    time.advance(byMs);
    trace("tick");
    List<TurnModel> overdue = oracle.overdue(weather.options().turnLimit().toNanos());
    node.tick();
    node.ringAlarms();
    boolean isInterrupted = Thread.interrupted();
    overdue.forEach(oracle::abandoned);
    if (isInterrupted != overdue.stream().anyMatch(turn -> turn.isInterrupted)) {
      oracle.broken(Promise.BAD_HANDLER, "interrupted: " + isInterrupted + ", overdue " + overdue);
    }
  }

  /** Completes some stage that is waited for. */
  void completeStage() {
    if (!stages.isEmpty()) {
      complete(stages.remove(dice.below(stages.size())));
    }
  }

  private void complete(Stage stage) {
    trace("a stage of " + stage.turn + " completes");
    if (mayMisbehave(weather.throwPercent())) {
      stage.begun.completeExceptionally(new IllegalStateException("as the dice say"));
    } else {
      stage.begun.complete(null);
    }
    if (stage.turn.fate == Fate.OPEN) {
      oracle.stageCompleted(stage.turn, stage.awaited.isCompletedExceptionally());
    }
  }

  void addBackground(CompletableFuture<Void> work) {
    background.add(work);
  }

  /** Completes some work that no turn waits for. */
  void completeBackground() {
    if (!background.isEmpty()) {
      background.remove(dice.below(background.size())).complete(null);
    }
  }

  void addStage(Stage stage) {
    stages.add(stage);
  }

  /** Lets some client say something, if one may, and perhaps a lot at once. */
  void say() {
    List<SimulatedSocket> open =
        node.gateway.sockets().stream().filter(SimulatedSocket::maySay).toList();
    if (!open.isEmpty()) {
      SimulatedSocket socket = dice.pick(open);
      int number = dice.chance(70) ? 1 : dice.between(2, Transport.CREDIT);
      for (int i = 0; i < number && socket.maySay(); i++) {
        say(socket);
      }
    }
  }

  void say(SimulatedSocket socket) {
    Payload text = Payload.text("m" + socket.nextSequence());
    socket.say(dice.chance(80) ? text : new Payload.Binary(text.bytes()));
  }

  void connect() {
    long open = node.gateway.sockets().stream().filter(s -> !s.isOver()).count();
    if (open < weather.connectionsMax()) {
      node.connect(dice.pick(actors));
    }
  }

  /** Lets some client go, in some way. */
  void end() {
    List<SimulatedSocket> sockets = node.gateway.sockets();
    if (!sockets.isEmpty()) {
      SimulatedSocket socket = dice.pick(sockets);
      trace("client of " + socket + " goes");
      switch (dice.below(3)) {
        case 0 -> socket.end(new CloseReason(1000, "", Cause.CLIENT), null);
        case 1 -> socket.end(CloseReason.abnormal(Cause.CONNECTION_LOST), null);
        default -> socket.end(new CloseReason(1002, "", Cause.VIOLATION), "bad frame");
      }
    }
  }

  void request() {
    node.request(dice.pick(actors));
  }

  void hibernate() {
    ActorId actor = dice.pick(actors);
    oracle.actor(actor).hibernations++;
    CompletableFuture<Boolean> slept =
        node.host
            .hibernate(actor)
            .whenComplete((isDropped, error) -> slept(actor, isDropped, error));
    trace("hibernate " + actor + (slept.isDone() ? ", which sleeps" : ""));
  }

  private void slept(ActorId actor, @Nullable Boolean isDropped, @Nullable Throwable error) {
    oracle.actor(actor).hibernations--;
    if (error != null) {
      oracle.broken(Promise.LIVENESS, actor + " cannot be sent to sleep: " + error);
    } else if (Boolean.TRUE.equals(isDropped)) {
      oracle.dropped(actor);
    }
  }

  void look() {
    outside(() -> node.host.status(dice.pick(actors)));
  }

  /** Runs code that reads the store itself and not for an actor; it may fail. */
  void outside(Runnable reading) {
    isOutside = true;
    try {
      reading.run();
    } catch (UncheckedIOException e) {
      trace("cannot be read from outside");
    } finally {
      isOutside = false;
    }
  }

  boolean isOutside() {
    return isOutside;
  }

  /** Lets the process die, and starts the next one. */
  void crash() {
    trace("crash");
    count(Happening.CRASH);
    node.store.crash();
    begin();
  }

  /** Stops the node in good order, as far as that goes, and starts the next one. */
  void stop() {
    trace("stop");
    count(Happening.STOP);
    node.gateway.shutDown();
    steps.someOf(node, 150);
    node.stop(() -> actors.forEach(oracle::dropped));
    steps.someOf(node, 150);
    crash();
  }

  private void begin() {
    stages.clear();
    background.clear();
    questions.forget();
    node = new SimulatedNode(this, disk);
    oracle.restarted(node.store);
    node.closeLeftovers();
  }

  /** Returns whether a handler is to do something bad. */
  boolean mayMisbehave(int percent) {
    return !isCalm && dice.chance(percent);
  }

  boolean isCalm() {
    return isCalm;
  }

  boolean isBroken() {
    return oracle.broken() != null;
  }

  Dice dice() {
    return dice;
  }

  Weather weather() {
    return weather;
  }

  SimulatedTime time() {
    return time;
  }

  Oracle oracle() {
    return oracle;
  }

  SimulatedNode node() {
    return node;
  }

  Questions questions() {
    return questions;
  }

  List<ActorId> actors() {
    return actors;
  }

  Steps steps() {
    return steps;
  }

  List<Stage> stages() {
    return stages;
  }

  long nextNumber() {
    return ++numbers;
  }

  void count(Happening happening) {
    happenings.merge(happening, 1, Integer::sum);
  }

  void trace(String text) {
    trace.line(depth, text);
  }
}
