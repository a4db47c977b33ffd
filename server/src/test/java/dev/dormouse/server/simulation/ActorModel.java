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

/** An actor as it should be. */
final class ActorModel {

  /** An event that was brought to the host; the moments are numbers that only grow. */
  static final class Brought {
    final Object event;

    /** Whether it is nowhere but in the mailbox until it is taken; a close may be put aside. */
    final boolean mustWait;

    final long broughtAt;

    /** How many of those before it may have waited then. */
    final int before;

    /** {@link Long#MAX_VALUE} until its handler began. */
    long takenAt = Long.MAX_VALUE;

    Brought(Object event, boolean mustWait, long broughtAt, int before) {
      this.event = event;
      this.mustWait = mustWait;
      this.broughtAt = broughtAt;
      this.before = before;
    }
  }

  final ActorId id;

  /** What the next turn must find, and the rows that make it. */
  Picture current = new Picture();

  Rows rows = new Rows();

  /** The number of the last commit that was handed in, and of those that are not reported. */
  long commits;

  final ArrayDeque<Long> underWay = new ArrayDeque<>();

  /** All commits up to this one are done, or forgotten. */
  long doneUpTo;

  /** Whether a commit was lost, and no turn has begun since. */
  boolean isLossPending;

  /** Whether that ever was so: then the host has events of its own for the actor. */
  boolean hasLost;

  /** Whether the first of them was refused. */
  boolean isRefused;

  /** The connections that turns which were lost since then were about to close. */
  final Set<ConnectionId> closingInVain = new HashSet<>();

  /** The connections in {@link #closingInVain} that nobody else had closed before. */
  final Set<ConnectionId> closedInVain = new HashSet<>();

  /** Lost turns about connections that have ended, or never were to be. */
  final List<TurnModel> endsInVain = new ArrayList<>();

  /** The connections whose removal was handed in, though their close handler failed. */
  final Set<ConnectionId> removed = new HashSet<>();

  /** The connections that were closed because their messages were lost. */
  final Set<ConnectionId> closedByLoss = new HashSet<>();

  /** The open turn; null if there is none. */
  @Nullable TurnModel open;

  /** A turn that is through, but not known to have handed in what it did; null if there is none. */
  @Nullable TurnModel ended;

  /** Turns that were not heard of yet, in order. */
  final ArrayDeque<TurnModel> owing = new ArrayDeque<>();

  /** The connections that the actor has closed and whose end it has not handled. */
  final Set<ConnectionId> closing = new HashSet<>();

  /** The connections that the actor has ever closed. */
  final Set<ConnectionId> everClosing = new HashSet<>();

  /** The connections of which the host was told that they are closed. */
  final Set<ConnectionId> closedToHost = new HashSet<>();

  /** The tags of connections as the gateway was told. */
  final Map<ConnectionId, List<String>> toldTags = new HashMap<>();

  /** The connections whose tags a lost turn has changed, since it was kept all the same. */
  final Set<ConnectionId> tagsInDoubt = new HashSet<>();

  /** The last message of a connection that was handled, and whose handler began. */
  final Map<ConnectionId, Long> handled = new HashMap<>();

  final Map<ConnectionId, Long> begun = new HashMap<>();

  /** Null if there never was one in this run of the node. */
  @Nullable RandomActor object;

  /** Whether an activation failed, or the store could not be read. */
  boolean isTroubled;

  /** How often that was so since an event was done. */
  int troubles;

  /** Whether that was so often that events may have been given up. */
  boolean mayHaveGivenUp;

  /** Whether alarms were set in this run of the node: one may wait though it is not any more. */
  boolean hasHadAlarms;

  /** How often it was sent to sleep, and has not heard what came of it. */
  int hibernations;

  final List<Brought> brought = new ArrayList<>();

  /** The turns that stored their number and were let out; the last of which a client heard. */
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

  /** The process died: this is what is stored. */
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
