package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.simulation.TurnModel.Fate;
import dev.dormouse.server.simulation.TurnModel.Kind;
import dev.dormouse.server.simulation.TurnModel.Word;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks the releases: everything that a turn says is released after its commit, in the order of
 * the turns, and nothing else is.
 */
final class ReleaseCheck {
  private final Simulation run;
  private final Oracle oracle;
  private final MailboxCheck mailboxes;

  /** The broadcasts that were released, with the recipients they should reach. */
  private final IdentityHashMap<ToGateway.Broadcast, Word> broadcasts = new IdentityHashMap<>();

  ReleaseCheck(Simulation run, Oracle oracle, MailboxCheck mailboxes) {
    this.run = run;
    this.oracle = oracle;
    this.mailboxes = mailboxes;
  }

  /** Checks a release of the host. */
  void released(Release release, long epoch) {
    ActorModel actor = oracle.actor(release.actor());
    List<String> said = release.records().stream().map(Words::describe).toList();
    run.trace("release of " + actor.id + ": " + said);
    if (release.epoch() != epoch) {
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
      boolean isPastAttempt = turn.mayComeAgain() && isAnswered(actor, release.records().get(0));
      if (!isPastAttempt && isOf(turn, release.records(), said)) {
        return;
      }
      if (!turn.mayBeSilent()) {
        oracle.broken(
            turn.fate == Fate.GOOD && !turn.isLost ? Promise.ATOMIC : Promise.KEPT_FIRST,
            "%s was to say %s, not %s".formatted(turn, expected(turn), said));
        return;
      }
    }
    if (isAnswer(release.records().get(0))) {
      checkUnhandled(actor, release.records(), said);
    } else {
      oracle.broken(Promise.ATOMIC, "no turn of " + actor.id + " has said " + said);
    }
  }

  private static List<String> expected(TurnModel turn) {
    return turn.isLost
        ? turn.lostVerdict()
        : turn.fate == Fate.BAD
            ? turn.failedVerdict()
            : turn.words.stream().map(Word::text).toList();
  }

  /** Checks that messages are answered one after the other, each once. */
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
    return isAnswer(first) && !isAnswered(actor, first);
  }

  private static boolean isAnswer(ToGateway record) {
    return record instanceof ToGateway.Handled
        || record instanceof ToGateway.Rejected
        || record instanceof ToGateway.Responded;
  }

  /** Returns whether a turn that was not heard of yet may be answered by a record. */
  private static boolean isAnswered(ActorModel actor, ToGateway record) {
    return actor.owing.stream()
        .anyMatch(turn -> turn.isAnsweredBy(record) && (!turn.isRetried() || turn.isLost));
  }

  /** Checks an answer to an event that no handler saw. */
  private void checkUnhandled(ActorModel actor, List<ToGateway> records, List<String> said) {
    ToGateway first = records.get(0);
    boolean isOwed =
        first instanceof ToGateway.Handled
            ? mayGoUnhandled(actor, records)
            : mayBeRefused(actor, first);
    if (!isOwed) {
      oracle.broken(
          Promise.ATOMIC, said + " of " + actor.id + ", and no handler was called: " + records);
    }
    mailboxes.answered(actor, first);
  }

  /**
   * Returns whether a message may stay unhandled: its connection was closed before, or is closed
   * now by a turn that is lost or being given up.
   */
  private boolean mayGoUnhandled(ActorModel actor, List<ToGateway> records) {
    ConnectionId id = Words.connection(records.get(0));
    boolean isClosedByLoss = actor.closedByLoss.contains(id);
    boolean isClosed =
        records.size() == 2
            && records.get(1) instanceof ToGateway.Close close
            && close.connection().equals(id);
    if (!isClosed) {
      return records.size() == 1
          && (actor.everClosing.contains(id) || (isClosedByLoss && actor.underWay.isEmpty()));
    }
    boolean isOwed = isClosedByLoss || actor.everClosing.contains(id);
    if (actor.isLossPending) {
      actor.closedByLoss.add(id);
      isOwed |= actor.closingInVain.contains(id);
    } else {
      actor.closing.add(id);
      actor.everClosing.add(id);
    }
    return isOwed || oracle.mayHaveGivenUp(actor);
  }

  private boolean mayBeRefused(ActorModel actor, ToGateway record) {
    HttpResponse response =
        record instanceof ToGateway.Rejected rejected
            ? rejected.response()
            : ((ToGateway.Responded) record).response();
    if (response.status() != 503) {
      return false;
    }
    run.count(Happening.REFUSED);
    return switch (new String(response.body(), StandardCharsets.UTF_8)) {
      case "the actor is busy" -> mailboxes.mayBeFull(actor, record);
      case "the actor failed" -> actor.isTroubled;
      case "the server has as many busy actors in memory as it may" -> run.node().isCrowded();
      case "the server is stopping" -> run.node().isStopping();
      default -> false;
    };
  }

  /** Returns whether the records are those to be heard of a turn, and may be heard now. */
  private boolean isOf(TurnModel turn, List<ToGateway> records, List<String> said) {
    if (turn.isLost && said.equals(turn.lostVerdict())) {
      run.count(Happening.TURN_LOST);
      if (turn.kind == Kind.MESSAGE) {
        turn.actor.closedByLoss.add(turn.connection);
      }
      return true;
    }
    if (isGivenUp(turn, records) && said.equals(turn.givenUpVerdict())) {
      turn.fate = Fate.BAD;
      oracle.settle(turn);
      if (turn.kind == Kind.MESSAGE) {
        turn.actor.closing.add(turn.connection);
        turn.actor.everClosing.add(turn.connection);
      }
      return true;
    }
    if (turn.fate == Fate.BAD && !turn.isRetried() && said.equals(turn.failedVerdict())) {
      oracle.settle(turn);
      if (said.size() > 1) {
        turn.actor.closing.add(turn.connection);
        turn.actor.everClosing.add(turn.connection);
      }
      return true;
    }
    return turn.fate == Fate.GOOD && !turn.isLost && isAllOf(turn, records, said) && isKept(turn);
  }

  /** Returns whether this may be the last attempt at an event. */
  private boolean isGivenUp(TurnModel turn, List<ToGateway> records) {
    boolean isImpatient = turn.kind == Kind.UPGRADE || turn.kind == Kind.REQUEST;
    return turn.mayComeAgain()
        && (isImpatient || oracle.mayHaveGivenUp(turn.actor))
        && !isAnswered(turn.actor, records.get(0));
  }

  /** Checks that the work of a turn which is heard of was kept; the result is always true. */
  private boolean isKept(TurnModel turn) {
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

  /** Records that a broadcast has found its recipients among the connections that are present. */
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

  /** Records that a client has received something. */
  void heard(ActorId id, Payload payload) {
    ActorModel actor = oracle.actor(id);
    String text = new Payload.Text(payload.bytes()).string();
    long turn = Long.parseLong(text.substring(1, text.indexOf('.')));
    if (actor.stored.contains(turn)) {
      actor.heard = Math.max(actor.heard, turn);
    }
  }
}
