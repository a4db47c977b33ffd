package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A turn as it should be: what its handler found, what it did, and what must come of it. */
final class TurnModel {
  /** Which handler. */
  enum Kind {
    ACTIVATE,
    UPGRADE,
    MESSAGE,
    ERROR,
    CLOSE,
    REQUEST,
    ALARM,
    HIBERNATE
  }

  /** What becomes of it. */
  enum Fate {
    /** Its handler, or what it waits for, is not through. */
    OPEN,
    /** All of it is to be kept and said. */
    GOOD,
    /** Nothing of it is. */
    BAD
  }

  /**
   * Something said.
   *
   * @param text as {@link Words} has it
   * @param isOptional whether it may be left out, its connection being about to go
   * @param recipients of a broadcast; null if it is none
   * @param closing of a broadcast, those for whom it does not matter
   */
  record Word(
      String text,
      boolean isOptional,
      @Nullable Set<ConnectionId> recipients,
      Set<ConnectionId> closing) {
    static Word of(String text, boolean isOptional) {
      return new Word(text, isOptional, null, Set.of());
    }
  }

  final long number;
  final Kind kind;
  final ActorModel actor;
  final RandomActor object;

  /** Null if it is about none. */
  final @Nullable ConnectionId connection;

  /** The message's number in its connection, or the request's; otherwise 0. */
  final long about;

  /** The alarm's name; null if it is about none. */
  @Nullable String alarm;

  final long beganNs;
  final Picture base;
  final Picture work;
  final List<Word> words = new ArrayList<>();

  /** The connections that it closes. */
  final Set<ConnectionId> closing = new HashSet<>();

  /** The connections in {@link #closing} that nobody had closed before. */
  Set<ConnectionId> closingFirst = Set.of();

  Fate fate = Fate.OPEN;

  /** Stages that it waits for. */
  int awaited;

  boolean hasReturned;

  /** Whether its handler threw, or a stage failed. */
  boolean hasFailed;

  /** Whether it will fail when all is through: what it owes is not done, or a value too large. */
  boolean isDoomed;

  /** Whether it was given up for taking too long. */
  boolean isAbandoned;

  /** Whether its thread was interrupted while others had the simulation's. */
  boolean isInterrupted;

  /** Whether it could not read what is stored: it is nothing then, and its event comes again. */
  boolean couldNotRead;

  /** Whether its handler has reset the actor. */
  boolean isReset;

  /** Whether it failed all the same after its handler was through, the disk being bad. */
  boolean mayFail;

  /** Whether a commit before it, or its own, was lost. */
  boolean isLost;

  /** Whether that commit was refused, so that its sender may try again. */
  boolean isRefused;

  /** Whether it is known what it handed in. */
  boolean isSettled;

  /** The commit that must be done before it may speak: its own, or the one before. */
  long needs;

  TurnModel(
      long number,
      Kind kind,
      ActorModel actor,
      RandomActor object,
      @Nullable ConnectionId connection,
      long about,
      long beganNs) {
    this.number = number;
    this.kind = kind;
    this.actor = actor;
    this.object = object;
    this.connection = connection;
    this.about = about;
    this.beganNs = beganNs;
    this.base = actor.current;
    this.work = actor.current.copy();
  }

  boolean isChanged() {
    return !work.equals(base);
  }

  /** Returns whether the actor has closed it, or its end is being handled. */
  boolean isClosing(ConnectionId id) {
    return closing.contains(id)
        || actor.closing.contains(id)
        || (kind == Kind.CLOSE && id.equals(connection));
  }

  /** Returns whether a record is the answer to what the turn is about. */
  boolean isAnsweredBy(ToGateway record) {
    if (record instanceof ToGateway.Handled handled) {
      return kind == Kind.MESSAGE
          && handled.connection().equals(connection)
          && handled.sequence() == about;
    } else if (record instanceof ToGateway.Responded responded) {
      return kind == Kind.REQUEST && responded.request() == about;
    } else if (record instanceof ToGateway.Accepted accepted) {
      return kind == Kind.UPGRADE && accepted.connection().equals(connection);
    }
    return record instanceof ToGateway.Rejected rejected
        && kind == Kind.UPGRADE
        && rejected.connection().equals(connection);
  }

  /** Returns whether there may be nothing to hear of it. */
  boolean mayBeSilent() {
    boolean isOwedAnAnswer = kind == Kind.UPGRADE || kind == Kind.MESSAGE || kind == Kind.REQUEST;
    if (mayComeAgain()) {
      return true;
    }
    boolean isSpeaking =
        fate == Fate.GOOD
            && !isLost
            && (words.stream().anyMatch(word -> !word.isOptional()) || owesReplies());
    return !isOwedAnAnswer && !isSpeaking;
  }

  /** Returns whether the gateway must hear the automatic replies. */
  boolean owesReplies() {
    boolean isAccepting = words.stream().anyMatch(word -> word.text().startsWith("accept"));
    return !work.replies().equals(base.replies()) || (isAccepting && !work.replies().isEmpty());
  }

  /** Returns whether its event is to come again. */
  boolean isRetried() {
    boolean isOfEvent = kind != Kind.ACTIVATE && kind != Kind.HIBERNATE && kind != Kind.ALARM;
    return couldNotRead && isOfEvent && !isAbandoned;
  }

  /** Returns whether its event may come again. */
  boolean mayComeAgain() {
    return isRetried() || mayFail;
  }

  /** What is said in its place if it fails. */
  List<String> failedVerdict() {
    return isReset && !isAbandoned
        ? verdict(503, false, 0)
        : verdict(500, actor.closesOnFailure(), 1011);
  }

  /** What is said if it is not tried any more. */
  List<String> givenUpVerdict() {
    return verdict(503, true, 1011);
  }

  /** What is said in its place if a commit was lost. */
  List<String> lostVerdict() {
    return verdict(503, true, isRefused ? 1013 : 1011);
  }

  private List<String> verdict(int status, boolean closes, int code) {
    return switch (kind) {
      case UPGRADE -> List.of(Words.reject(connection, status));
      case REQUEST -> List.of(Words.respond(about, status));
      case MESSAGE ->
          closes
              ? List.of(Words.handled(connection, about), Words.close(connection, code))
              : List.of(Words.handled(connection, about));
      case ACTIVATE, ERROR, CLOSE, ALARM, HIBERNATE -> List.of();
    };
  }

  @Override
  public String toString() {
    String whose = connection != null ? " " + connection : alarm != null ? " " + alarm : "";
    return "turn T%d of %s (%s%s%s%s%s)"
        .formatted(
            number,
            actor.id,
            kind,
            whose,
            about == 0 ? "" : " " + about,
            fate == Fate.OPEN ? "" : ", " + fate,
            isLost ? ", lost" : isAbandoned ? ", abandoned" : "");
  }
}
