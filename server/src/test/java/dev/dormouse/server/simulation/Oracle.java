package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.simulation.TurnModel.Fate;
import dev.dormouse.server.simulation.TurnModel.Kind;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Knows the state that should be, actor by actor, and notes the first difference from it. The
 * oracle is told of everything that crosses the host's borders: events in, handlers, commits,
 * releases.
 */
final class Oracle {
  private final Simulation run;
  private final Map<ActorId, ActorModel> actors = new LinkedHashMap<>();

  private final MailboxCheck mailboxes;
  private final ReleaseCheck releases;
  private final AlarmCheck alarms;
  private long turns;
  private @Nullable String broken;

  Oracle(Simulation run) {
    this.run = run;
    this.mailboxes = new MailboxCheck(run, this);
    this.releases = new ReleaseCheck(run, this, mailboxes);
    this.alarms = new AlarmCheck(run, this);
  }

  /** Returns the check of the releases. */
  ReleaseCheck releases() {
    return releases;
  }

  /** Records that a promise was broken; the first to be noticed is kept. */
  void broken(Promise promise, String how) {
    if (broken == null) {
      broken = promise + "\n  " + how;
      run.trace("BROKEN " + broken);
    }
  }

  /** Returns the broken promise; null if none was broken. */
  @Nullable String broken() {
    return broken;
  }

  ActorModel actor(ActorId id) {
    return actors.computeIfAbsent(id, ActorModel::new);
  }

  Collection<ActorModel> actors() {
    return actors.values();
  }

  // The reports of events follow.

  /** Records that something was brought to the host. */
  void delivered(ToHost.ForActor record) {
    ActorModel actor = actor(record.actor());
    if (record instanceof ToHost.Closed closed) {
      actor.closedToHost.add(closed.connection());
    }
    mailboxes.brought(actor, record);
  }

  // The reports of turns follow.

  /** Records that a handler begins. */
  TurnModel begin(RandomActor object, Kind kind, @Nullable ConnectionId connection, long about) {
    ActorModel actor = actor(object.name());
    if (actor.open != null) {
      broken(Promise.ONE_AT_A_TIME, kind + " of " + actor.id + " begins within " + actor.open);
    }
    settle(actor);
    if (actor.isLossPending) {
      if (kind != Kind.ACTIVATE) {
        broken(Promise.ATOMIC, kind + " of " + actor.id + " goes on though commits were lost");
      }
      forgetLost(actor);
    }
    TurnModel turn =
        new TurnModel(++turns, kind, actor, object, connection, about, run.time().nowNs());
    run.trace("begin " + turn);
    run.count(Happening.TURN);
    if (run.isNested()) {
      run.count(Happening.TURN_DURING_ANOTHER_ACTORS);
    }
    if (Thread.interrupted()) {
      broken(Promise.BAD_HANDLER, turn + " begins on an interrupted thread");
    }
    checkObject(actor, turn);
    checkEvent(actor, turn);
    actor.open = turn;
    return turn;
  }

  private void checkObject(ActorModel actor, TurnModel turn) {
    if (turn.kind == Kind.ACTIVATE) {
      if (actor.hasObject()) {
        broken(Promise.ONE_AT_A_TIME, turn + " is of a second object");
      }
      if (actor.object == turn.object) {
        broken(Promise.ATOMIC, turn + " is of an object that was dropped");
      }
      actor.object = turn.object;
    } else if (actor.object != turn.object || turn.object.isDropped) {
      broken(Promise.ATOMIC, turn + " is of an object that was dropped");
    }
  }

  private void checkEvent(ActorModel actor, TurnModel turn) {
    ConnectionId id = turn.connection;
    switch (turn.kind) {
      case MESSAGE -> {
        long last = actor.begun.getOrDefault(id, 0L);
        if (turn.about <= last || turn.about <= actor.handled.getOrDefault(id, 0L)) {
          broken(Promise.ONE_AT_A_TIME, turn + " comes after message " + last);
        }
        actor.begun.put(id, turn.about);
        if (actor.closing.contains(id)) {
          broken(Promise.ONE_AT_A_TIME, turn + " comes though the actor closed the connection");
        }
        checkIsThere(turn, Promise.SLEEP);
      }
      case CLOSE -> {
        checkIsThere(turn, Promise.CLOSED_ONCE);
        if (id.run() != run.node().store.run()) {
          run.count(Happening.LEFTOVER_CLOSED);
        }
        if (!isGone(actor, id)) {
          broken(Promise.CLOSED_ONCE, turn + " comes though the connection is open");
        }
      }
      case UPGRADE -> {
        if (turn.base.connections().containsKey(id)) {
          broken(Promise.ONE_AT_A_TIME, turn + " comes a second time");
        }
      }
      case ERROR, REQUEST, ALARM, ACTIVATE, HIBERNATE -> {}
    }
    mailboxes.taken(turn);
  }

  private void checkIsThere(TurnModel turn, Promise promise) {
    if (!turn.base.connections().containsKey(turn.connection)) {
      broken(promise, turn + " comes, and there is no such connection");
    }
  }

  private boolean isGone(ActorModel actor, ConnectionId id) {
    return actor.closedToHost.contains(id) || id.run() != run.node().store.run();
  }

  /** Records that the handler of an alarm begins. */
  void rings(TurnModel turn, Alarm alarm) {
    turn.alarm = alarm.name();
    turn.work.alarms().remove(alarm.name());
    alarms.rings(turn, alarm);
  }

  /** Records that a handler is through. */
  void returned(TurnModel turn, @Nullable Throwable thrown) {
    turn.hasReturned = true;
    turn.hasFailed |= thrown != null;
    if (turn.fate == Fate.OPEN && (turn.awaited == 0 || turn.hasFailed)) {
      boolean isBad = turn.hasFailed || turn.isDoomed || turn.couldNotRead;
      over(turn, isBad ? Fate.BAD : Fate.GOOD);
    }
  }

  /** Records that a stage completed which the turn waits for. */
  void stageCompleted(TurnModel turn, boolean hasFailed) {
    turn.awaited--;
    turn.hasFailed |= hasFailed;
    if (turn.hasReturned) {
      returned(turn, null);
    }
  }

  /** Returns the open turns that have lasted too long. */
  List<TurnModel> overdue(long limitNs) {
    return actors.values().stream()
        .map(actor -> actor.open)
        .filter(Objects::nonNull)
        .filter(turn -> run.time().nowNs() - turn.beganNs >= limitNs)
        .toList();
  }

  /** Records that a turn was given up. */
  void abandoned(TurnModel turn) {
    turn.isAbandoned = true;
    run.count(Happening.TURN_GIVEN_UP);
    turn.isInterrupted = !turn.hasReturned;
    over(turn, Fate.BAD);
  }

  private void over(TurnModel turn, Fate fate) {
    ActorModel actor = turn.actor;
    turn.fate = fate;
    if (actor.isLossPending) {
      lost(turn);
    }
    if (turn.kind == Kind.CLOSE) {
      turn.work.connections().remove(turn.connection);
    }
    actor.open = null;
    actor.ended = turn;
    actor.owing.add(turn);
    if (fate == Fate.BAD || turn.kind == Kind.HIBERNATE) {
      turn.object.isDropped = true;
    }
    if (fate == Fate.BAD) {
      run.count(Happening.TURN_FAILED);
    }
    if (turn.kind == Kind.HIBERNATE) {
      run.count(Happening.SLEEP);
    }
    if (turn.isRetried()) {
      comesAgain(turn);
    } else if (turn.kind == Kind.ACTIVATE && fate == Fate.BAD) {
      troubled(actor);
    } else if (turn.kind != Kind.ACTIVATE) {
      actor.troubles = 0;
    }
    run.trace("over " + turn);
  }

  private void comesAgain(TurnModel turn) {
    run.count(Happening.TURN_TRIED_AGAIN);
    if (turn.kind == Kind.MESSAGE) {
      turn.actor.begun.put(turn.connection, turn.about - 1);
    }
    troubled(turn.actor);
  }

  /** Returns whether events may have been given up, and their connections be about to close. */
  boolean mayHaveGivenUp(ActorModel actor) {
    return actor.mayHaveGivenUp || (actor.isTroubled && run.node().isStopping());
  }

  private void troubled(ActorModel actor) {
    actor.isTroubled = true;
    actor.troubles++;
    actor.mayHaveGivenUp |= actor.troubles >= run.weather().options().retries().attemptsMax();
  }

  /** Records that an object could not be made. */
  void activationFailed(ActorId id) {
    troubled(actor(id));
  }

  /** Records that the store could not be read for this actor. */
  void readFailed(ActorId id) {
    ActorModel actor = actor(id);
    if (actor.open != null) {
      actor.open.couldNotRead = true;
    } else if (actor.ended != null && !actor.ended.mayFail) {
      actor.ended.mayFail = true;
      actor.ended.object.mayBeDropped = true;
      comesAgain(actor.ended);
    } else {
      troubled(actor);
      if (actor.object != null) {
        actor.object.mayBeDropped = true; // for example by an alarm that could not be read
      }
    }
  }

  /** Settles the previous turn, which is known to have handed in nothing. */
  private void settle(ActorModel actor) {
    TurnModel turn = actor.ended;
    if (turn == null) {
      return;
    }
    if (turn.fate == Fate.GOOD && !turn.isLost && turn.isChanged()) {
      if (!turn.mayFail) {
        broken(
            Promise.ATOMIC,
            turn + " was to store " + turn.work.differenceTo(turn.base) + "; nothing came of it");
      }
      turn.fate = Fate.BAD;
    }
    settled(actor, turn);
  }

  /** Settles a turn that is known to be through, and to have handed in nothing else. */
  void settle(TurnModel turn) {
    if (turn == turn.actor.ended) {
      settled(turn.actor, turn);
    }
  }

  private void settled(ActorModel actor, TurnModel turn) {
    turn.isSettled = true;
    turn.needs = actor.commits;
    actor.ended = null;
    if (turn.fate == Fate.GOOD && !turn.isLost) {
      turn.closingFirst = new HashSet<>(turn.closing);
      turn.closingFirst.removeAll(actor.closing);
      actor.closing.addAll(turn.closing);
      actor.everClosing.addAll(turn.closing);
    } else {
      turn.object.isDropped = true;
      boolean isJudged = turn.kind == Kind.MESSAGE && !turn.isLost && !turn.isRetried();
      if (isJudged && !turn.mayFail && turn.failedVerdict().size() > 1) {
        actor.closing.add(turn.connection);
        actor.everClosing.add(turn.connection);
      }
    }
    if (turn.kind == Kind.CLOSE && !turn.isRetried() && !turn.mayFail) {
      actor.closing.remove(turn.connection);
    }
  }

  // The reports of commits follow.

  /** Records that writes were handed in. */
  void handedIn(TurnBatch batch, long epoch) {
    ActorModel actor = actor(batch.actor());
    if (batch.epoch() != epoch) {
      broken(Promise.KEPT_FIRST, "a commit of " + actor.id + " names epoch " + batch.epoch());
    }
    if (actor.isLossPending && actor.underWay.isEmpty() && actor.open == null) {
      settle(actor);
      forgetLost(actor);
    }
    if (actor.isLossPending) {
      broken(Promise.ATOMIC, actor.id + " hands in writes that build on lost ones");
    }
    Rows rows = actor.rows.copy();
    rows.apply(batch);
    Picture after;
    try {
      after = Picture.of(rows);
    } catch (IllegalStateException e) {
      broken(Promise.ATOMIC, "after " + actor.ended + " of " + actor.id + " " + e.getMessage());
      return;
    }
    TurnModel turn = actor.ended;
    if (turn != null && turn.fate == Fate.GOOD && !turn.isLost && after.equals(turn.work)) {
      actor.commits++;
      run.trace("hand in " + turn);
      settled(actor, turn);
    } else {
      handedInElse(actor, turn, after);
      actor.commits++;
    }
    actor.current = after;
    actor.hasHadAlarms |= !after.alarms().isEmpty();
    actor.rows = rows;
    actor.underWay.add(actor.commits);
  }

  /**
   * Checks writes that belong to no successful turn: a connection may go though its handler failed.
   */
  private void handedInElse(ActorModel actor, @Nullable TurnModel turn, Picture after) {
    for (ConnectionId id : actor.current.connections().keySet()) {
      if (isGone(actor, id) && actor.current.without(id).equals(after)) {
        boolean isItsTurn = turn != null && turn.kind == Kind.CLOSE && id.equals(turn.connection);
        settle(actor);
        run.trace("hand in the end of " + id + " of " + actor.id);
        if (!isItsTurn || turn.fate != Fate.BAD) {
          broken(Promise.CLOSED_ONCE, id + " of " + actor.id + " goes without its close");
        }
        actor.closing.remove(id);
        actor.removed.add(id);
        return;
      }
    }
    if (alarms.isMoved(actor, turn, after)) {
      settle(actor);
      run.trace("hand in what becomes of an alarm of " + actor.id);
      return;
    }
    String whose = turn == null ? "no turn of " + actor.id : turn.toString();
    Picture wanted = turn == null || turn.fate == Fate.BAD ? actor.current : turn.work;
    broken(
        Promise.ATOMIC, "what %s hands in leaves %s".formatted(whose, after.differenceTo(wanted)));
  }

  /** Records that the actor's oldest commit is done or lost; nobody was told yet. */
  void reported(ActorId id, CommitResult result) {
    ActorModel actor = actor(id);
    long commit = actor.underWay.remove();
    run.trace("commit " + commit + " of " + id + ": " + result.getClass().getSimpleName());
    if (result instanceof CommitResult.Done) {
      actor.doneUpTo = commit;
      run.count(Happening.COMMIT_DONE);
      return;
    }
    run.count(Happening.COMMIT_LOST);
    if (!actor.isLossPending) {
      actor.isLossPending = true;
      actor.hasLost = true;
      actor.isRefused = result instanceof CommitResult.Refused;
      actor.closingInVain.clear();
      actor.owing.stream()
          .filter(turn -> !turn.isSettled || turn.needs >= commit)
          .forEach(Oracle::lost);
    }
  }

  private static void lost(TurnModel turn) {
    turn.isLost = true;
    turn.isRefused = turn.actor.isRefused;
    turn.actor.closingInVain.addAll(turn.closing);
    turn.actor.closedInVain.addAll(turn.closingFirst);
    if (turn.kind == Kind.CLOSE || turn.kind == Kind.UPGRADE) {
      turn.actor.endsInVain.add(turn);
    }
    if (turn.kind == Kind.UPGRADE) {
      turn.actor.closedToHost.add(turn.connection); // the host closes it if it is kept
    }
  }

  /**
   * Checks the store when nothing is under way any more: each actor's rows must be as they should.
   */
  void rested() {
    for (ActorModel actor : actors.values()) {
      if (actor.open == null) {
        settle(actor);
        if (actor.isLossPending) {
          forgetLost(actor);
        }
      }
    }
  }

  /** Lets a cell that has lost commits begin anew, from the stored rows. */
  private void forgetLost(ActorModel actor) {
    if (!actor.underWay.isEmpty()) {
      broken(Promise.ATOMIC, actor.id + " goes on before its lost commits are reported");
    }
    actor.isLossPending = false;
    actor.doneUpTo = actor.commits;
    actor.rows = run.node().store.rows(actor.id).copy();
    actor.current = Picture.of(actor.rows);
    actor
        .current
        .connections()
        .forEach(
            (id, member) -> {
              if (!actor.isRefused && !member.tags().equals(actor.toldTags.get(id))) {
                actor.tagsInDoubt.add(id);
              }
            });
    actor.closing.removeAll(actor.closedInVain);
    actor.closedInVain.clear();
    actor.closing.addAll(actor.removed);
    actor.endsInVain.stream()
        .filter(turn -> !turn.isRetried())
        .forEach(turn -> actor.closing.add(turn.connection));
    actor.endsInVain.clear();
    actor.closing.addAll(actor.closedByLoss);
    actor.everClosing.addAll(actor.closedByLoss);
    actor.closedByLoss.clear();
    if (actor.object != null) {
      actor.object.isDropped = true;
    }
  }

  // The reports of ends follow.

  /** Records that an actor is said to be out of memory, with all its work in the store. */
  void dropped(ActorId id) {
    ActorModel actor = actor(id);
    if (actor.open != null || actor.hasObject() || !actor.underWay.isEmpty()) {
      broken(
          Promise.SLEEP,
          "%s is said to sleep; open: %s, commits under way: %s"
              .formatted(id, actor.open, actor.underWay));
    }
  }

  /** Records that the process has died, and that a store was opened on the data it left. */
  void restarted(SimulatedStore store) {
    for (ActorModel actor : actors.values()) {
      actor.restart(store.rows(actor.id));
      long last = Long.parseLong(actor.current.values().getOrDefault("last", "0"));
      if (last < actor.heard) {
        broken(
            Promise.KEPT_FIRST,
            "a client heard of T%d of %s, and the last one kept is T%d"
                .formatted(actor.heard, actor.id, last));
      }
    }
  }
}
