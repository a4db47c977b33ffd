package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The model of a turn: the state its handler found, the deeds of the handler, and their due
 * effects.
 */
final class TurnModel {
  /** The handlers of an actor. */
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

  /** The fate of a turn. */
  enum Fate {
    /** The handler, or a stage that it waits for, is not through. */
    OPEN,
    /** Everything of the turn is to be kept and said. */
    GOOD,
    /** Nothing of the turn is to be kept or said. */
    BAD
  }

  /**
   * A word: something that a turn says.
   *
   * @param text the text in the form of {@link Words}
   * @param isOptional whether the word may be left out because its connection is about to go
   * @param recipients the recipients of a broadcast; null for another word
   * @param closing the recipients whose connections are closing, for whom a broadcast is optional
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

  /** The connection that the turn is about; null if there is none. */
  final @Nullable ConnectionId connection;

  /** The number of the message in its connection, or of the request; otherwise 0. */
  final long about;

  /** The name of the alarm; null if the turn is about none. */
  @Nullable String alarm;

  final long beganNs;
  final Picture base;
  final Picture work;
  final List<Word> words = new ArrayList<>();

  /** The connections that the turn closes. */
  final Set<ConnectionId> closing = new HashSet<>();

  /** The connections in {@link #closing} that nobody had closed before. */
  Set<ConnectionId> closingFirst = Set.of();

  Fate fate = Fate.OPEN;

  /** The number of stages that the turn waits for. */
  int awaited;

  boolean hasReturned;

  /** Is true if the handler threw or a stage failed. */
  boolean hasFailed;

  /**
   * Is true if the turn will fail at its end: it did not do what it must, or a value is too large.
   */
  boolean isDoomed;

  /** Is true if the turn was given up for taking too long. */
  boolean isAbandoned;

  /** Is true if the turn's thread was interrupted while others had the simulation's thread. */
  boolean isInterrupted;

  /**
   * Is true if the turn could not read the store: the turn is void then, and its event comes again.
   */
  boolean couldNotRead;

  /** Is true if the handler has reset the actor. */
  boolean isReset;

  /** Is true if the turn may have failed after its handler was through, because of a bad disk. */
  boolean mayFail;

  /** Is true if the turn's commit, or one before it, was lost. */
  boolean isLost;

  /** Is true if that commit was refused, so that its sender may try again. */
  boolean isRefused;

  /** Is true once it is known which writes the turn handed in. */
  boolean isSettled;

  /** The commit that must be done before the turn may speak: its own, or the one before. */
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

  /**
   * Returns whether the actor has closed a connection, or the connection's end is being handled.
   */
  boolean isClosing(ConnectionId id) {
    return closing.contains(id)
        || actor.closing.contains(id)
        || (kind == Kind.CLOSE && id.equals(connection));
  }

  /** Returns whether a record is the answer to the event of the turn. */
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

  /** Returns whether there may be nothing to hear of the turn. */
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

  /** Returns whether the turn's event is to come again. */
  boolean isRetried() {
    boolean isOfEvent = kind != Kind.ACTIVATE && kind != Kind.HIBERNATE && kind != Kind.ALARM;
    return couldNotRead && isOfEvent && !isAbandoned;
  }

  /** Returns whether the turn's event may come again. */
  boolean mayComeAgain() {
    return isRetried() || mayFail;
  }

  /** Returns the words that take the place of the turn's own if it fails. */
  List<String> failedVerdict() {
    return isReset && !isAbandoned
        ? verdict(503, false, 0)
        : verdict(500, actor.closesOnFailure(), 1011);
  }

  /** Returns the words that are said if the event is not tried any more. */
  List<String> givenUpVerdict() {
    return verdict(503, true, 1011);
  }

  /** Returns the words that take the place of the turn's own if a commit was lost. */
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
