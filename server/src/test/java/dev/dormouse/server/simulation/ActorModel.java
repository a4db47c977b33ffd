package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The model of an actor: the state that the actor should have. */
final class ActorModel {

  /** An event that was brought to the host. Its moments are numbers that only grow. */
  static final class Brought {
    final Object event;

    /**
     * Is true if the event is nowhere but in the mailbox until it is taken; a close may be put
     * aside.
     */
    final boolean mustWait;

    final long broughtAt;

    /** The number of earlier events that may have waited when this one was brought. */
    final int before;

    /** The moment when the event's handler began; {@link Long#MAX_VALUE} before. */
    long takenAt = Long.MAX_VALUE;

    Brought(Object event, boolean mustWait, long broughtAt, int before) {
      this.event = event;
      this.mustWait = mustWait;
      this.broughtAt = broughtAt;
      this.before = before;
    }
  }

  final ActorId id;

  /** The picture that the next turn must find, with the rows that make it. */
  Picture current = new Picture();

  Rows rows = new Rows();

  /**
   * The number of the last commit that was handed in, with the numbers of those that are not
   * reported.
   */
  long commits;

  final ArrayDeque<Long> underWay = new ArrayDeque<>();

  /** The last of the commits that are done or forgotten, as all before it are. */
  long doneUpTo;

  /** Is true after a commit was lost, until a turn begins. */
  boolean isLossPending;

  /** Is true once a commit was ever lost; the host then has events of its own for the actor. */
  boolean hasLost;

  /** Is true if the first lost commit was refused. */
  boolean isRefused;

  /** The connections that lost turns were about to close, since the first lost commit. */
  final Set<ConnectionId> closingInVain = new HashSet<>();

  /** The connections in {@link #closingInVain} that nobody else had closed before. */
  final Set<ConnectionId> closedInVain = new HashSet<>();

  /** The lost turns about connections that have ended, or that never came to be. */
  final List<TurnModel> endsInVain = new ArrayList<>();

  /** The connections whose removal was handed in, though their close handler failed. */
  final Set<ConnectionId> removed = new HashSet<>();

  /** The connections that were closed because their messages were lost. */
  final Set<ConnectionId> closedByLoss = new HashSet<>();

  /** The open turn; null if there is none. */
  @Nullable TurnModel open;

  /** The turn that is through, but not known to have handed in its work; null if there is none. */
  @Nullable TurnModel ended;

  /** The turns whose answers were not heard yet, in order. */
  final ArrayDeque<TurnModel> owing = new ArrayDeque<>();

  /** The connections that the actor has closed and whose end it has not handled. */
  final Set<ConnectionId> closing = new HashSet<>();

  /** The connections that the actor has ever closed. */
  final Set<ConnectionId> everClosing = new HashSet<>();

  /** The connections whose close was reported to the host. */
  final Set<ConnectionId> closedToHost = new HashSet<>();

  /** The tags of connections, as the gateway was told. */
  final Map<ConnectionId, List<String>> toldTags = new HashMap<>();

  /**
   * The connections whose tags a lost turn has changed; the turn may have been kept all the same.
   */
  final Set<ConnectionId> tagsInDoubt = new HashSet<>();

  /** The last handled message of each connection, with the last message whose handler began. */
  final Map<ConnectionId, Long> handled = new HashMap<>();

  final Map<ConnectionId, Long> begun = new HashMap<>();

  /** The actor's object; null if there never was one in this run of the node. */
  @Nullable RandomActor object;

  /** Is true after an activation failed or the store could not be read. */
  boolean isTroubled;

  /** The number of such failures since an event was done. */
  int troubles;

  /** Is true if the failures were so many that events may have been given up. */
  boolean mayHaveGivenUp;

  /**
   * Is true if alarms were set in this run of the node; an event of an alarm may wait even after
   * the alarm is gone.
   */
  boolean hasHadAlarms;

  /** The number of orders to sleep whose outcome the model has not heard. */
  int hibernations;

  final List<Brought> brought = new ArrayList<>();

  /**
   * The turns that stored their number and were let out, with the last of them that a client heard.
   */
  final Set<Long> stored = new HashSet<>();

  long heard;

  ActorModel(ActorId id) {
    this.id = id;
  }

  boolean closesOnFailure() {
    return id.type().equals("game");
  }

  /** Returns whether there certainly is an object in memory. */
  boolean hasObject() {
    return object != null && !object.isDropped && !object.mayBeDropped && !isLossPending;
  }

  /** Starts again from the stored rows after the process has died. */
  void restart(Rows stored) {
    rows = stored.copy();
    current = Picture.of(rows);
    underWay.clear();
    doneUpTo = commits;
    isLossPending = false;
    hasLost = false;
    open = null;
    ended = null;
    owing.clear();
    closing.clear();
    closingInVain.clear();
    closedInVain.clear();
    endsInVain.clear();
    removed.clear();
    closedByLoss.clear();
    everClosing.clear();
    closedToHost.clear();
    toldTags.clear();
    tagsInDoubt.clear();
    handled.clear();
    begun.clear();
    object = null;
    isTroubled = false;
    troubles = 0;
    mayHaveGivenUp = false;
    hibernations = 0;
    hasHadAlarms = !current.alarms().isEmpty();
    brought.clear();
  }
}
