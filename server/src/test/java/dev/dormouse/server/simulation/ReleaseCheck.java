package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.simulation.TurnModel.Fate;
import dev.dormouse.server.simulation.TurnModel.Kind;
import dev.dormouse.server.simulation.TurnModel.Word;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What is said: all of a turn, after it is kept, in the order of the turns, and nothing else. */
final class ReleaseCheck {
  private final Simulation run;
  private final Oracle oracle;
  private final MailboxCheck mailboxes;

  /** The broadcasts that were released, and whom they should reach. */
  private final IdentityHashMap<ToGateway.Broadcast, Word> broadcasts = new IdentityHashMap<>();

  ReleaseCheck(Simulation run, Oracle oracle, MailboxCheck mailboxes) {
    this.run = run;
    this.oracle = oracle;
    this.mailboxes = mailboxes;
  }

  /** The host lets something out. */
  void released(Release release, long incarnation) {
    ActorModel actor = oracle.actor(release.actor());
    List<String> said = release.records().stream().map(Words::describe).toList();
    run.trace("release of " + actor.id + ": " + said);
    if (release.epoch() != incarnation) {
      oracle.broken(
          Promise.KEPT_FIRST, "a release of " + actor.id + " names epoch " + release.epoch());
    }
    boolean isFlowControl =
        release.records().stream()
            .allMatch(r -> r instanceof ToGateway.Withheld || r instanceof ToGateway.Resumed);
    if (isFlowControl) {
      run.count(Happening.MESSAGES_WITHHELD);
      return;
    }
    countAnswers(actor, release);
    if (isAboutNoTurn(actor, release)) {
      checkUnhandled(actor, release.records(), said);
      return;
    }
    for (TurnModel turn = actor.owing.poll(); turn != null; turn = actor.owing.poll()) {
      if (isOf(turn, release.records(), said)) {
        return;
      }
      if (!turn.mayBeSilent()) {
        oracle.broken(
            turn.fate == Fate.GOOD && !turn.isLost ? Promise.ATOMIC : Promise.KEPT_FIRST,
            "%s was to say %s, not %s".formatted(turn, expected(turn), said));
        return;
      }
    }
    oracle.broken(Promise.ATOMIC, "no turn of " + actor.id + " has said " + said);
  }

  private static List<String> expected(TurnModel turn) {
    return turn.isLost
        ? turn.lostVerdict()
        : turn.fate == Fate.BAD
            ? turn.failedVerdict(turn.actor.closesOnFailure())
            : turn.words.stream().map(Word::text).toList();
  }

  /** Messages are answered one after the other, each once. */
  private void countAnswers(ActorModel actor, Release release) {
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Handled handled) {
        long last = actor.handled.getOrDefault(handled.connection(), 0L);
        if (handled.sequence() != last + 1) {
          oracle.broken(
              Promise.ONE_AT_A_TIME,
              "%s of %s, after %d".formatted(Words.describe(record), actor.id, last));
        }
        actor.handled.put(handled.connection(), handled.sequence());
      }
    }
  }

  private static boolean isAboutNoTurn(ActorModel actor, Release release) {
    ToGateway first = release.records().get(0);
    boolean isAnswer =
        first instanceof ToGateway.Handled
            || first instanceof ToGateway.Rejected
            || first instanceof ToGateway.Responded;
    return isAnswer && actor.owing.stream().noneMatch(turn -> turn.isAnsweredBy(first));
  }

  /** Something is answered that no handler saw. */
  private void checkUnhandled(ActorModel actor, List<ToGateway> records, List<String> said) {
    ToGateway first = records.get(0);
    mailboxes.answered(actor, first);
    boolean isRefused =
        (first instanceof ToGateway.Rejected r && r.response().status() == 503)
            || (first instanceof ToGateway.Responded q && q.response().status() == 503);
    if (isRefused && records.size() == 1) {
      run.count(Happening.REFUSED);
      mailboxes.refused(actor, first);
      return;
    }
    ConnectionId id = Words.connection(first);
    boolean isClosed =
        records.size() == 2
            && records.get(1) instanceof ToGateway.Close close
            && close.connection().equals(id);
    boolean isOwed =
        actor.everClosing.contains(id) || (isClosed && actor.closingInVain.contains(id));
    if (isClosed) {
      actor.closedByLoss.add(id);
    }
    if (!isOwed && actor.failedActivations-- <= 0) {
      oracle.broken(Promise.ATOMIC, said + " of " + actor.id + ", and no handler was called");
    }
  }

  /** Whether the records are what is to be heard of a turn, and may be heard now. */
  private boolean isOf(TurnModel turn, List<ToGateway> records, List<String> said) {
    boolean closes = turn.actor.closesOnFailure();
    if ((turn.fate == Fate.BAD || turn.mayFail) && said.equals(turn.failedVerdict(closes))) {
      turn.fate = Fate.BAD;
      oracle.settle(turn);
      return true;
    }
    if (turn.isLost) {
      run.count(Happening.TURN_LOST);
      if (turn.kind == Kind.MESSAGE) {
        turn.actor.closedByLoss.add(turn.connection);
      }
      return said.equals(turn.lostVerdict());
    }
    if (turn.fate != Fate.GOOD || !isAllOf(turn, records, said)) {
      return false;
    }
    if (!turn.isSettled) {
      if (turn.isChanged()) {
        oracle.broken(Promise.KEPT_FIRST, turn + " is heard of before it hands in what it wrote");
      }
      oracle.settle(turn);
    }
    if (turn.actor.doneUpTo < turn.needs) {
      oracle.broken(
          Promise.KEPT_FIRST,
          "%s is heard of, commit %d being done, %d not yet"
              .formatted(turn, turn.actor.doneUpTo, turn.needs));
    }
    String number = Long.toString(turn.number);
    if (number.equals(turn.work.values().get("last"))) {
      turn.actor.stored.add(turn.number);
    }
    return true;
  }

  private boolean isAllOf(TurnModel turn, List<ToGateway> records, List<String> said) {
    int at = 0;
    for (Word word : turn.words) {
      boolean isSaid = at < said.size() && said.get(at).equals(word.text());
      if (isSaid && records.get(at) instanceof ToGateway.Broadcast broadcast) {
        broadcasts.put(broadcast, word);
      } else if (isSaid && records.get(at) instanceof ToGateway.Accepted accepted) {
        turn.actor.toldTags.put(accepted.connection(), accepted.tags());
      } else if (isSaid && records.get(at) instanceof ToGateway.Retagged retagged) {
        turn.actor.toldTags.put(retagged.connection(), retagged.tags());
      }
      if (!isSaid && !word.isOptional()) {
        return false;
      }
      at += isSaid ? 1 : 0;
    }
    if (at < said.size() && records.get(at) instanceof ToGateway.AutoReplies told) {
      if (!told.replies().equals(turn.work.autoReplies())) {
        return false;
      }
      at++;
    } else if (turn.owesReplies()) {
      return false;
    }
    if (turn.kind == Kind.MESSAGE) {
      boolean isHandled =
          at < said.size() && said.get(at).equals(Words.handled(turn.connection, turn.about));
      return isHandled && at + 1 == said.size();
    }
    return at == said.size();
  }

  /** A broadcast has found its recipients among those who are present. */
  void broadcast(
      ActorId actor,
      ToGateway.Broadcast broadcast,
      Set<ConnectionId> present,
      Set<ConnectionId> recipients) {
    Word word = broadcasts.remove(broadcast);
    if (word == null) {
      return; // something is broken already
    }
    Set<ConnectionId> open = new TreeSet<>(present);
    open.removeAll(word.closing());
    open.removeAll(oracle.actor(actor).tagsInDoubt);
    Set<ConnectionId> wanted = new TreeSet<>(word.recipients());
    wanted.retainAll(open);
    Set<ConnectionId> reached = new TreeSet<>(recipients);
    reached.retainAll(open);
    if (!wanted.equals(reached)) {
      oracle.broken(
          Promise.ATOMIC,
          "'%s' of %s reaches %s, not %s".formatted(word.text(), actor, reached, wanted));
    }
  }

  /** A client has received something. */
  void heard(ActorId id, Payload payload) {
    ActorModel actor = oracle.actor(id);
    String text = new Payload.Text(payload.bytes()).string();
    long turn = Long.parseLong(text.substring(1, text.indexOf('.')));
    if (actor.stored.contains(turn)) {
      actor.heard = Math.max(actor.heard, turn);
    }
  }
}
