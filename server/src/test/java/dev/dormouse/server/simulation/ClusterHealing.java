package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of a run of a cluster: nodes, wires and handlers are well, and time goes on. What waits
 * must be done, and when the clients have gone nothing must be left.
 */
final class ClusterHealing {
  private static final long TICK_MS = 100;

  /** The longest time that anything may take: owed closes are tried again within five minutes. */
  private static final long REST_MS = 400_000;

  /** The time that must pass in any case: limbos end, and gateways are given up. */
  private static final long LEAST_MS = 30_000;

  private static final int STEPS_MAX = 100_000;

  private final ClusterSimulation run;

  ClusterHealing(ClusterSimulation run) {
    this.run = run;
  }

  void heal() {
    run.trace("heal");
    for (HostNode host : run.hosts()) {
      if (!host.isUp()) {
        run.start(host);
      }
      if (host.isPaused()) {
        host.pause(false);
      }
      if (host.isAlone()) {
        host.isolate(false);
      }
      host.store().fill(false);
    }
    for (GatewayNode gateway : run.gateways()) {
      if (!gateway.isUp()) {
        run.start(gateway);
      }
      if (gateway.isPaused()) {
        gateway.pause(false);
      }
      run.hosts().forEach(host -> run.wires().mend(host, gateway));
    }
    rest();
    checkRest();
    probe();
    run.sockets().forEach(ClusterSocket::leave);
    rest();
    checkRest();
    checkEmpty();
  }

  private void broken(Promise promise, String how) {
    run.ledger().broken(promise, how);
  }

  private void rest() {
    long began = run.time().nowMs();
    long passed = 0;
    while (passed < REST_MS && !run.isBroken() && (passed < LEAST_MS || waiting() != null)) {
      run.tick(passed < LEAST_MS ? TICK_MS : 10 * TICK_MS);
      for (int group = 0; group < run.log().groups().size(); group++) {
        int ofGroup = group;
        run.gateways().forEach(gateway -> gateway.hearOf(ofGroup));
        run.hosts().forEach(host -> host.hearOf(ofGroup));
      }
      drain();
      passed = run.time().nowMs() - began;
    }
  }

  private void drain() {
    for (int i = 0; i < STEPS_MAX && !run.isBroken(); i++) {
      boolean isAny = run.wires().deliverSome(20);
      for (HostNode host : run.hosts()) {
        isAny |= host.runTask();
        if (!host.isQuiet()) {
          host.store().applySome();
          host.store().reportSome();
          host.store().confirmSome();
          isAny = true;
        }
      }
      run.log().keepSome();
      for (GatewayNode gateway : run.gateways()) {
        isAny |= gateway.runLoop();
      }
      run.completeStages();
      run.sockets().stream()
          .filter(socket -> socket.state == ClusterSocket.State.CLOSING)
          .forEach(ClusterSocket::leave);
      if (!isAny) {
        return;
      }
      if (i > 200 && i % 200 == 0) {
        run.hosts().forEach(host -> host.store().learn(false));
      }
    }
    broken(Promise.LIVENESS, "the cluster never comes to rest");
  }

  /** Returns what still waits, in words; null if nothing does. */
  private @Nullable String waiting() {
    for (GatewayNode gateway : run.gateways()) {
      if (gateway.waiting() > 0) {
        return "upgrades or requests wait at " + gateway + ": " + gateway.waiting();
      }
      if (gateway.keptCloses() > 0) {
        return "closes are kept at " + gateway + ": " + gateway.keptCloses();
      }
      for (ClusterSocket socket : gateway.sockets()) {
        if (socket.state != ClusterSocket.State.OPEN || socket.unhandled() > 0) {
          return "still waits: " + socket;
        }
      }
    }
    for (HostNode host : run.hosts()) {
      if (host.host().activeActors() > 0) {
        return "actors are in memory at "
            + host
            + ": "
            + run.actors().stream().map(actor -> host.host().status(actor)).toList();
      }
      if (host.host().owedCloses() > 0) {
        return "closes are owed at " + host;
      }
    }
    for (ActorId actor : run.actors()) {
      if (!run.ledger().kept(actor).alarms().isEmpty()) {
        return "alarms of " + actor + " do not ring: " + run.ledger().kept(actor).alarms();
      }
      String difference = difference(actor);
      if (difference != null) {
        return difference;
      }
    }
    return null;
  }

  private @Nullable String difference(ActorId actor) {
    for (var entry : run.ledger().kept(actor).connections().entrySet()) {
      if (entry.getValue().closing() != null) {
        return "%s has connections that it has closed and whose clients stay: %s"
            .formatted(actor, entry);
      }
    }
    List<String> stored =
        run.ledger().kept(actor).connections().entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue().tags())
            .toList();
    List<String> known =
        run.sockets().stream()
            .filter(socket -> socket.actor.equals(actor))
            .sorted(Comparator.comparing(socket -> socket.id))
            .map(socket -> socket.id + " " + socket.tags)
            .toList();
    return stored.equals(known)
        ? null
        : "%s has connections %s, the gateways %s".formatted(actor, stored, known);
  }

  private void checkRest() {
    if (run.isBroken()) {
      return;
    }
    String waiting = waiting();
    if (waiting != null) {
      broken(waiting.contains("has connections") ? Promise.CLOSED_ONCE : Promise.LIVENESS, waiting);
    }
    run.ledger().checkBereft(run.sockets());
    ClusterTurn open = run.ledger().stillOpen();
    if (open != null) {
      broken(Promise.LIVENESS, "still open: " + open);
    }
  }

  /** Checks that every client which asks is answered. */
  private void probe() {
    if (run.isBroken()) {
      return;
    }
    List<ClusterSocket> sockets = run.sockets();
    sockets.forEach(
        socket -> {
          socket.heard = 0;
          socket.say();
        });
    for (GatewayNode gateway : run.gateways()) {
      run.actors().forEach(gateway::request);
    }
    rest();
    for (ClusterSocket socket : sockets) {
      if (socket.heard == 0) {
        broken(Promise.LIVENESS, "hears no answer: " + socket);
      }
    }
    checkRest();
  }

  private void checkEmpty() {
    for (ActorId actor : run.actors()) {
      if (!run.ledger().kept(actor).connections().isEmpty()) {
        broken(
            Promise.CLOSED_ONCE,
            actor
                + " has connections when all are gone: "
                + run.ledger().kept(actor).connections());
      }
    }
  }
}
