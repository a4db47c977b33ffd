package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorHibernated;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.CommitResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A turn as observers hear of it, once it is known whether it is kept. It goes through the gate
 * with what the turn says, so that of one actor they hear in the order of its turns. Made only
 * while somebody listens.
 */
final class TurnWatch {
  private final HostParts host;
  private final ActorId actor;
  private final Event work;
  private final Activation activation;
  private final long startedNs;
  private final long endedNs;
  private final boolean isWriting;
  private final long storedBytes;

  private TurnWatch(HostParts host, ActorId actor, Turn turn, Activation activation, long endedNs) {
    this.host = host;
    this.actor = actor;
    this.work = turn.work();
    this.activation = activation;
    this.startedNs = turn.startedNs();
    this.endedNs = endedNs;
    this.isWriting = turn.isWriting();
    this.storedBytes = storedBytes(turn);
  }

  private static long storedBytes(Turn turn) {
    long bytes = 0;
    for (var write : turn.writes().entrySet()) {
      bytes +=
          write.getKey().bytes().length + write.getValue().map(value -> value.length).orElse(0);
    }
    return bytes;
  }

  /** Of a turn that ended well; null if nobody listens. */
  static @Nullable TurnWatch of(
      HostParts host, ActorId actor, Turn turn, Activation activation, long endedNs) {
    return isHeard(host, turn.work())
        ? new TurnWatch(host, actor, turn, activation, endedNs)
        : null;
  }

  private static boolean isHeard(HostParts host, Event work) {
    boolean isOfActor = work instanceof Event.Activate || work instanceof Event.Hibernate;
    return isOfActor ? host.observers().isAnyOfActors() : host.observers().isAny();
  }

  /** What it wrote is in the store, and what it said has left. */
  void kept() {
    long nowNs = host.time().nowNs();
    tell(TurnOutcome.COMMITTED, isWriting ? nowNs - endedNs : 0);
    if (work instanceof Event.Activate activate) {
      host.observers()
          .tellOfActor(
              DormouseObserver::actorActivated,
              new ActorActivated(
                  actor, activate.reason(), activation.activation(), nowNs - activate.beganNs()));
    } else if (work instanceof Event.Hibernate) {
      host.observers()
          .tellOfActor(
              DormouseObserver::actorHibernated,
              new ActorHibernated(actor, endedNs - activation.madeNs()));
    }
  }

  /** Its commit was lost, or one that it built on. */
  void lost() {
    tell(TurnOutcome.LOST, 0);
  }

  private void tell(TurnOutcome outcome, long commitNs) {
    if (!host.observers().isAny()) {
      return;
    }
    host.observers()
        .tell(
            DormouseObserver::turnEnded,
            new TurnEnded(
                actor,
                work.label(),
                work.connection(),
                work.arrivedNs() == 0 ? 0 : Math.max(0, startedNs - work.arrivedNs()),
                endedNs - startedNs,
                commitNs,
                storedBytes,
                outcome));
  }

  /**
   * A turn is discarded, and its object dropped.
   *
   * @param loss of a commit that it built on; null if it failed by itself
   */
  static void discarded(
      HostParts host,
      ActorId actor,
      Turn turn,
      Activation activation,
      @Nullable CommitResult loss,
      @Nullable Throwable cause) {
    if (host.observers().isAny()) {
      new TurnWatch(host, actor, turn, activation, host.time().nowNs())
          .tell(loss == null ? TurnOutcome.FAILED : TurnOutcome.LOST, 0);
      if (loss == null && cause instanceof LimitExceededException) {
        hit(host, "handler", "turn discarded", actor, turn.work().connection());
      }
    }
    reset(host, actor, loss == null ? cause : loss);
  }

  /** An object is dropped because of a failure. */
  static void reset(HostParts host, ActorId actor, @Nullable Object cause) {
    if (host.observers().isAnyOfActors()) {
      host.observers()
          .tellOfActor(DormouseObserver::actorReset, new ActorReset(actor, String.valueOf(cause)));
    }
  }

  /** The mailbox is full. Any thread. */
  static List<ToGateway> noRoom(HostParts host, ActorId actor, Event work) {
    hit(host, "mailbox", Answers.noRoomOutcome(work), actor, work.connection());
    return Answers.noRoom(work);
  }

  /** A limit was hit. Any thread. */
  static void hit(
      HostParts host,
      String limit,
      String outcome,
      ActorId actor,
      @Nullable ConnectionId connection) {
    host.observers().limitHit(limit, outcome, actor, connection);
  }
}
