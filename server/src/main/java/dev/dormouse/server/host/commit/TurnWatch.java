package dev.dormouse.server.host.commit;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.host.turn.Activation;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.ResetException;
import dev.dormouse.server.host.turn.Turn;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorHibernated;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.observe.DormouseObserver.MessageRefused;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import org.jspecify.annotations.Nullable;

/**
 * Tells observers of turns, of actor objects that are dropped after a failure, and of limits that
 * were hit. Observers hear of a turn once it is known whether the turn is kept. That news passes
 * the {@link OutputGate} together with the turn's records, so that observers hear of the turns of
 * one actor in their order.
 *
 * <p>Costs nothing while there is no observer. May be used from any thread.
 */
public final class TurnWatch {
  private final Observers observers;
  private final Time time;

  /** Creates a watch that tells the observers of a node. */
  public TurnWatch(Observers observers, Time time) {
    this.observers = observers;
    this.time = time;
  }

  /** Returns the time of the clock that never jumps if there is an observer, else 0. */
  public long nowNsIfHeard() {
    return observers.isAny() ? time.nowNs() : 0;
  }

  /** Returns a listener for the outcome of a turn that has ended; null if there is no observer. */
  public OutputGate.@Nullable Listener of(
      ActorId actor, Turn turn, Activation activation, long endedNs) {
    Event event = turn.work();
    boolean isOfActor = event instanceof Event.Activate || event instanceof Event.Hibernate;
    boolean isHeard = isOfActor ? observers.isAnyOfActors() : observers.isAny();
    return isHeard ? new Ended(actor, turn, activation, endedNs) : null;
  }

  /**
   * Tells that a turn is discarded, and its actor object dropped.
   *
   * @param loss the result of a lost commit that the turn built on; null if the turn itself failed
   * @param cause why the turn itself failed; null if it did not
   */
  public void discarded(
      ActorId actor,
      Turn turn,
      Activation activation,
      @Nullable CommitResult loss,
      @Nullable Throwable cause) {
    if (observers.isAny()) {
      new Ended(actor, turn, activation, time.nowNs())
          .tell(loss == null ? TurnOutcome.FAILED : TurnOutcome.LOST, 0);
      if (loss == null && cause instanceof LimitExceededException) {
        hit("handler", "turn discarded", actor, turn.work().connection());
      }
    }
    if (loss == null) {
      reset(actor, cause, !(cause instanceof ResetException));
    } else {
      reset(actor, loss, true);
    }
  }

  /**
   * Tells that an actor object is dropped, because the node does not own the actor any more.
   *
   * @param turn the turn that was open; null if none was
   */
  public void left(ActorId actor, @Nullable Turn turn, Activation activation) {
    if (turn != null && observers.isAny()) {
      new Ended(actor, turn, activation, time.nowNs()).tell(TurnOutcome.LOST, 0);
    }
    reset(actor, "the node does not own the actor any more", false);
  }

  /** Tells that an actor object is dropped, because of a failure or on request. */
  public void reset(ActorId actor, @Nullable Object cause, boolean isFailure) {
    if (observers.isAnyOfActors()) {
      observers.tellOfActor(
          DormouseObserver::actorReset, new ActorReset(actor, String.valueOf(cause), isFailure));
    }
  }

  /** Tells that the message of a turn was refused, if it was. */
  public void messageRefused(ActorId actor, Turn turn) {
    String code = turn.refusalCode();
    if (code != null
        && observers.isAny()
        && turn.work() instanceof Event.Client client
        && client.event() instanceof ToHost.Message message) {
      observers.tell(
          DormouseObserver::messageRefused, new MessageRefused(actor, message.connection(), code));
    }
  }

  /** Tells that an event has hit a limit. */
  public void hit(String limit, String outcome, ActorId actor, @Nullable ConnectionId connection) {
    observers.limitHit(limit, outcome, actor, connection);
  }

  /** A turn that has ended, of which observers hear when its outcome is known. */
  private final class Ended implements OutputGate.Listener {
    private final ActorId actor;
    private final Event event;
    private final Activation activation;
    private final long startedNs;
    private final long endedNs;
    private final boolean isWriting;
    private final long storedBytes;

    Ended(ActorId actor, Turn turn, Activation activation, long endedNs) {
      this.actor = actor;
      this.event = turn.work();
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

    @Override
    public void kept() {
      long nowNs = time.nowNs();
      tell(TurnOutcome.COMMITTED, isWriting ? nowNs - endedNs : 0);
      if (event instanceof Event.Activate activate) {
        observers.tellOfActor(
            DormouseObserver::actorActivated,
            new ActorActivated(
                actor, activate.reason(), activation.activation(), nowNs - activate.beganNs()));
      } else if (event instanceof Event.Hibernate) {
        observers.tellOfActor(
            DormouseObserver::actorHibernated,
            new ActorHibernated(actor, endedNs - activation.madeNs()));
      }
    }

    @Override
    public void lost() {
      tell(TurnOutcome.LOST, 0);
    }

    private void tell(TurnOutcome outcome, long commitNs) {
      if (!observers.isAny()) {
        return;
      }
      observers.tell(
          DormouseObserver::turnEnded,
          new TurnEnded(
              actor,
              event.label(),
              event.connection(),
              event.arrivedNs() == 0 ? 0 : Math.max(0, startedNs - event.arrivedNs()),
              endedNs - startedNs,
              commitNs,
              storedBytes,
              outcome));
    }
  }
}
