package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.simulation.ActorModel.Brought;
import dev.dormouse.server.simulation.TurnModel.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the number of events that wait for an actor. A mailbox cannot be seen from outside. But an
 * event was in it from the time it was brought until its handler began, and events leave it in
 * order. So any event that was brought before another, and taken after that other was brought,
 * waited in front of it.
 */
final class MailboxCheck {
  private final Simulation run;
  private final Oracle oracle;
  private long moments;

  MailboxCheck(Simulation run, Oracle oracle) {
    this.run = run;
    this.oracle = oracle;
  }

  /** Records that something was brought to the host. */
  void brought(ActorModel actor, ToHost record) {
    Object event = eventOf(record);
    if (!(record instanceof ToHost.Closed)) { // a close may come twice, and then waits twice
      actor.brought.removeIf(b -> b.event.equals(event));
    }
    int before = (int) actor.brought.stream().filter(b -> b.takenAt == Long.MAX_VALUE).count();
    actor.brought.add(new Brought(event, !(record instanceof ToHost.Closed), ++moments, before));
  }

  private static Object eventOf(ToHost record) {
    if (record instanceof ToHost.Open open) {
      return event(Kind.UPGRADE, open.connection(), 0);
    } else if (record instanceof ToHost.Message m) {
      return event(Kind.MESSAGE, m.connection(), m.sequence());
    } else if (record instanceof ToHost.Failed failed) {
      return event(Kind.ERROR, failed.connection(), 0);
    } else if (record instanceof ToHost.Closed closed) {
      return event(Kind.CLOSE, closed.connection(), 0);
    }
    return event(Kind.REQUEST, null, ((ToHost.Request) record).request());
  }

  private static List<Object> event(Kind kind, @Nullable ConnectionId connection, long about) {
    return List.of(kind, connection == null ? "" : connection, about);
  }

  /**
   * Records that a handler begins: the mailbox must not have been too full when its event was taken
   * in.
   */
  void taken(TurnModel turn) {
    ActorModel actor = turn.actor;
    Brought taken = find(actor, event(turn.kind, turn.connection, turn.about));
    if (taken == null) {
      return; // the close of a leftover, or something that is no event
    }
    taken.takenAt = ++moments;
    boolean isRefusable =
        turn.kind == Kind.MESSAGE || turn.kind == Kind.UPGRADE || turn.kind == Kind.REQUEST;
    long waiting =
        actor.brought.stream()
            .filter(b -> b.broughtAt < taken.broughtAt && b.takenAt != Long.MAX_VALUE)
            .filter(b -> b.takenAt > taken.broughtAt && b.mustWait)
            .count();
    int capacity = run.weather().options().mailboxMax();
    if (isRefusable && waiting >= capacity) {
      oracle.broken(
          Promise.LIMITS,
          "%s was taken into a mailbox of %d where %d waited".formatted(turn, capacity, waiting));
    }
    long oldest =
        actor.brought.stream()
            .filter(b -> b.takenAt == Long.MAX_VALUE)
            .mapToLong(b -> b.broughtAt)
            .min()
            .orElse(Long.MAX_VALUE);
    actor.brought.removeIf(b -> b.takenAt < oldest);
  }

  private static @Nullable Brought find(ActorModel actor, List<Object> event) {
    for (Brought brought : actor.brought) {
      if (brought.event.equals(event) && brought.takenAt == Long.MAX_VALUE) {
        return brought;
      }
    }
    return null;
  }

  private static boolean isAnswer(ToGateway record, Object event) {
    if (record instanceof ToGateway.Handled handled) {
      return event.equals(event(Kind.MESSAGE, handled.connection(), handled.sequence()));
    } else if (record instanceof ToGateway.Rejected rejected) {
      return event.equals(event(Kind.UPGRADE, rejected.connection(), 0));
    }
    return record instanceof ToGateway.Responded responded
        && event.equals(event(Kind.REQUEST, null, responded.request()));
  }

  /** Returns whether an upgrade or a request may have met a full mailbox. */
  boolean mayBeFull(ActorModel actor, ToGateway refusal) {
    boolean isLoaded =
        actor.hibernations > 0 || actor.hasLost || actor.hasHadAlarms || run.node().isRefusing();
    return isLoaded
        || actor.brought.stream().noneMatch(b -> isAnswer(refusal, b.event) && b.before == 0);
  }

  /** Records that an event was answered without a call of its handler. */
  void answered(ActorModel actor, ToGateway record) {
    actor.brought.removeIf(b -> isAnswer(record, b.event));
  }
}
