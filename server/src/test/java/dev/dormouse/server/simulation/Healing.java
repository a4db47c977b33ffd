package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.host.ActorStatus;
import java.util.ArrayList;
import java.util.List;

/**
 * The end of a run: faults cease, handlers behave, time goes on. Waiting work must be done, every
 * question must be answered, and when the clients have gone nothing must be left.
 */
final class Healing {
  private static final long TICK_MS = 250;

  /** Closes that are owed are tried again after five minutes at the latest. */
  private static final long OWED_MS = 400_000;

  private static final long OWED_TICK_MS = 5_000;

  /** The longest time for which an alarm may be off, or rest after failures. */
  private static final long ALARMS_MS = 400_000;

  private static final int STEPS_MAX = 200_000;

  private final Simulation run;

  Healing(Simulation run) {
    this.run = run;
  }

  void heal() {
    run.trace("heal");
    run.node().store.failReads(0);
    run.node().store.fill(false);
    if (!run.node().store.isGood() || run.dice().chance(50)) {
      run.crash();
    }
    run.node().closeLeftovers();
    rest();
    if (run.node().hasLeftovers()) {
      broken("the leftovers of dead nodes are not closed");
    }
    checkNothingWaits();
    checkTheGatewayKnows();
    probe();
    leave();
    if (!run.isBroken()) {
      run.crash();
      rest();
      checkEmpty();
    }
  }

  private void broken(String how) {
    run.oracle().broken(Promise.LIVENESS, how);
  }

  /**
   * Lets time pass for as long as anything could want to wait, and lets everything happen that can.
   */
  private void rest() {
    long wait =
        run.weather().options().turnLimit().toMillis()
            + run.weather().options().idle().toMillis()
            + 20_000;
    drain();
    for (long waited = 0; waited < ALARMS_MS && hasAlarms() && !run.isBroken(); waited += 1_000) {
      run.tick(1_000);
      drain();
    }
    for (long waited = 0; waited < wait && !run.isBroken(); waited += TICK_MS) {
      run.tick(TICK_MS);
      drain();
    }
    for (long waited = 0;
        waited < OWED_MS && isOwing() && !run.isBroken();
        waited += OWED_TICK_MS) {
      run.tick(OWED_TICK_MS);
      drain();
    }
    // Handlers that hang one after the other take a limit each; then the last actor must sleep.
    for (long waited = 0; waited < ALARMS_MS && isAwake() && !run.isBroken(); waited += TICK_MS) {
      run.tick(TICK_MS);
      drain();
    }
  }

  private boolean isAwake() {
    return run.node().host.activeActors() > 0 || hasAlarms();
  }

  private boolean hasAlarms() {
    return run.oracle().actors().stream().anyMatch(a -> !a.current.alarms().isEmpty());
  }

  private boolean isOwing() {
    return run.node().host.owedCloses() > 0;
  }

  private void drain() {
    SimulatedNode node = run.node();
    for (int i = 0; !node.isQuiet() && !run.isBroken(); i++) {
      switch (run.dice().below(7)) {
        case 0, 1 -> node.runTask();
        case 2 -> node.deliverToHost();
        case 3 -> node.deliverToGateway();
        case 4 -> node.deliverToClient();
        case 5 -> node.store.write();
        default -> node.store.report();
      }
      run.checkBetweenSteps();
      if (i == STEPS_MAX) {
        broken("the host never comes to rest");
      }
    }
    // Half of the stages never complete: the limit of a turn must be enough.
    if (!run.stages().isEmpty() && run.dice().chance(50)) {
      run.completeStage();
    }
    for (SimulatedSocket socket : node.gateway.sockets()) {
      if (socket.state == SimulatedSocket.State.CLOSING) {
        socket.answerClose();
      }
    }
    node.gateway.tidy();
  }

  private void checkNothingWaits() {
    run.oracle().rested();
    SimulatedNode node = run.node();
    for (SimulatedSocket socket : node.gateway.sockets()) {
      if (socket.state != SimulatedSocket.State.OPEN || socket.unhandled() > 0) {
        broken("still waits: " + socket);
      }
    }
    if (!node.gateway.requests().isEmpty()) {
      broken("requests are not answered: " + node.gateway.requests());
    }
    for (ActorModel actor : run.oracle().actors()) {
      if (actor.open != null) {
        broken("still open: " + actor.open);
      }
      if (actor.hasObject()) {
        broken(actor.id + " does not sleep: " + node.host.status(actor.id));
      }
      actor.owing.stream()
          .filter(turn -> !turn.mayBeSilent())
          .findFirst()
          .ifPresent(turn -> broken("never heard of: " + turn));
    }
    TurnModel asking = run.questions().unanswered();
    if (asking != null) {
      broken("never told what became of its message: " + asking);
    }
    for (ActorModel actor : run.oracle().actors()) {
      if (!actor.current.alarms().isEmpty()) {
        broken("alarms of " + actor.id + " never rang: " + actor.current.alarms());
      }
    }
    if (isOwing()) {
      broken(node.host.owedCloses() + " closes are owed");
    }
    if (node.host.activeActors() > 0) {
      broken(node.host.activeActors() + " cells are left: " + node.host.actors("room", 9));
    }
  }

  /** Checks that the gateway has tags, automatic replies and connections as they are stored. */
  private void checkTheGatewayKnows() {
    List<ActorModel> actors = new ArrayList<>(run.oracle().actors());
    for (ActorModel actor : actors) {
      List<String> stored = new ArrayList<>();
      actor.current.connections().forEach((id, member) -> stored.add(id + " " + member.tags()));
      List<String> known = new ArrayList<>();
      for (SimulatedSocket socket : run.node().gateway.sockets()) {
        if (socket.actor.equals(actor.id)) {
          known.add(socket.id + " " + socket.tags);
        }
      }
      if (!stored.equals(known)) {
        run.oracle()
            .broken(
                Promise.CLOSED_ONCE,
                actor.id + " has connections " + stored + ", the gateway " + known);
      }
      boolean isKnown =
          run.node().gateway.autoReplies(actor.id).equals(actor.current.autoReplies());
      if (!known.isEmpty() && !isKnown) {
        run.oracle()
            .broken(
                Promise.ATOMIC,
                "the automatic replies of %s are %s, and the gateway knows %s"
                    .formatted(
                        actor.id,
                        actor.current.autoReplies(),
                        run.node().gateway.autoReplies(actor.id)));
      }
    }
  }

  /** Checks that every client which asks is answered. */
  private void probe() {
    List<SimulatedSocket> sockets = run.node().gateway.sockets();
    sockets.forEach(
        socket -> {
          socket.heard = 0;
          run.say(socket);
        });
    for (ActorId actor : run.actors()) {
      run.node().request(actor);
    }
    rest();
    for (SimulatedSocket socket : sockets) {
      if (socket.heard == 0) {
        broken("hears no answer: " + socket);
      }
    }
    checkNothingWaits();
  }

  private void leave() {
    run.node().gateway.sockets().forEach(SimulatedSocket::leave);
    rest();
    checkEmpty();
  }

  private void checkEmpty() {
    if (run.isBroken()) {
      return;
    }
    checkNothingWaits();
    for (ActorModel actor : run.oracle().actors()) {
      ActorStatus status = run.node().host.status(actor.id);
      if (!actor.current.connections().isEmpty() || status.connections() > 0) {
        run.oracle()
            .broken(
                Promise.CLOSED_ONCE,
                "%s has connections when all are gone: %s, %s"
                    .formatted(actor.id, actor.current.connections(), status));
      }
      if (status.state() != ActorStatus.State.INACTIVE) {
        broken("not inactive: " + status);
      }
    }
  }
}
