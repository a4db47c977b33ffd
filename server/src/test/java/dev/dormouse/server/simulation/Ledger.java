package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.simulation.ReplicatedLog.Group;
import dev.dormouse.server.simulation.TurnModel.Fate;
import dev.dormouse.server.simulation.TurnModel.Kind;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The oracle of a cluster. It knows what a majority keeps, which is the truth, and what each owner
 * sees of its actors, and it compares everything that handlers find, that owners hand in and that
 * clients hear with the two. The first broken promise is noted.
 */
final class Ledger {

  /** An actor as one ownership sees it. */
  static final class View {
    final ReplicatedStore store;
    final long epoch;
    final ActorId actor;

    /** The picture that the next turn must find, with the rows that make it. */
    Picture picture;

    Rows rows;

    /**
     * Is true after a commit was lost, until an object begins with what is stored. Until the owner
     * hears of the loss it goes on as if nothing were lost, since answers leave in order.
     */
    boolean hasLost;

    @Nullable ClusterActor object;

    /** The open turn, and the last one that is over; null if there is none. */
    @Nullable ClusterTurn open;

    @Nullable ClusterTurn ended;

    View(ReplicatedStore store, long epoch, ActorId actor) {
      this.store = store;
      this.epoch = epoch;
      this.actor = actor;
      this.rows = store.rows(actor).copy();
      this.picture = Picture.of(rows);
    }
  }

  /** The recorded life of a connection. */
  private static final class Known {
    /** The end that the gateway has reported; null before. */
    @Nullable CloseReason reported;

    /** The turns whose answers the client has heard, by the messages that they answer. */
    final Map<Long, ClusterTurn> answers = new HashMap<>();

    /** The last message that has begun anywhere, and the last whose effect is kept. */
    long begun;

    long effective;

    /** Is true once an error's effect is kept. */
    boolean isFailed;

    final Map<Long, List<ClusterTurn>> turns = new HashMap<>();
  }

  /** The recorded life of an actor. */
  private static final class Truth {
    Picture picture = new Picture();
    final Set<ConnectionId> ever = new HashSet<>();
    final Set<ConnectionId> gone = new HashSet<>();
    final Set<Long> requests = new HashSet<>();

    /** The place of the last of the actor's turns that anybody has heard of. */
    long heard;
  }

  private final ClusterSimulation run;
  private final Map<List<Object>, View> views = new HashMap<>();
  private final Map<Long, ClusterTurn> turns = new HashMap<>();
  private final Map<ActorId, Truth> truths = new HashMap<>();
  private final Map<ConnectionId, Known> connections = new HashMap<>();
  private final IdentityHashMap<TurnBatch, ClusterTurn> batches = new IdentityHashMap<>();

  /** The sockets whose clients have missed something, with the first message that it was about. */
  private final IdentityHashMap<ClusterSocket, String> bereft = new IdentityHashMap<>();

  private long turnNumbers;
  private long places;
  private @Nullable String broken;

  Ledger(ClusterSimulation run) {
    this.run = run;
  }

  /** Records that a promise was broken; the first to be noticed is kept. */
  void broken(Promise promise, String how) {
    if (broken == null) {
      broken = promise + "\n  " + how;
      run.trace("BROKEN " + broken);
    }
  }

  @Nullable String broken() {
    return broken;
  }

  private Truth truth(ActorId actor) {
    return truths.computeIfAbsent(actor, id -> new Truth());
  }

  /** Returns what a majority keeps of an actor. */
  Picture kept(ActorId actor) {
    return truth(actor).picture;
  }

  private Known known(ConnectionId id) {
    return connections.computeIfAbsent(id, key -> new Known());
  }

  private View view(ReplicatedStore store, long epoch, ActorId actor) {
    return views.computeIfAbsent(
        List.of(store.run(), epoch, actor), key -> new View(store, epoch, actor));
  }

  // The reports of turns follow.

  /** Records that a handler begins. */
  ClusterTurn begin(ClusterActor object, Kind kind, @Nullable ConnectionId connection, long about) {
    View view = view(object.store, object.epoch, object.name());
    ClusterTurn open = view.open;
    if (open != null && !isOverdue(open)) {
      broken(Promise.ONE_AT_A_TIME, kind + " of " + view.actor + " begins within " + open);
    }
    checkWritten(view);
    if (kind == Kind.ACTIVATE) {
      activated(view, object);
    } else if (view.object != object) {
      broken(Promise.ATOMIC, kind + " of " + view.actor + " is of an object that was dropped");
    }
    ClusterTurn turn =
        new ClusterTurn(
            ++turnNumbers,
            kind,
            view,
            connection,
            about,
            run.time().nowNs(),
            truth(view.actor).heard);
    turns.put(turn.number, turn);
    view.open = turn;
    run.trace("begin " + turn);
    run.count(ClusterHappening.TURN);
    if (!isInForce(turn)) {
      run.count(ClusterHappening.TURN_OF_A_DEPOSED_OWNER);
    }
    checkEvent(turn);
    return turn;
  }

  private void activated(View view, ClusterActor object) {
    if (view.hasLost && !object.sees(view.picture)) {
      view.hasLost = false;
      view.rows = view.store.rows(view.actor).copy();
      view.picture = Picture.of(view.rows);
    }
    view.object = object;
  }

  private boolean isOverdue(ClusterTurn turn) {
    return run.time().nowNs() - turn.beganNs >= run.weather().options().turnLimit().toNanos();
  }

  /** Returns whether nobody was elected after the owner that runs a turn. */
  private boolean isInForce(ClusterTurn turn) {
    return run.log().group(ReplicatedLog.groupOf(turn.actor())).epoch == turn.view.epoch;
  }

  private void checkEvent(ClusterTurn turn) {
    ConnectionId id = turn.connection;
    switch (turn.kind) {
      case MESSAGE -> {
        Known known = known(id);
        if (turn.about > known.begun + 1) {
          broken(Promise.ONE_AT_A_TIME, turn + " comes after message " + known.begun);
        }
        if (turn.about <= known.effective && isInForce(turn)) {
          broken(
              Promise.ONE_AT_A_TIME,
              turn + " comes though message " + known.effective + " has taken effect");
        }
        known.begun = Math.max(known.begun, turn.about);
        known.turns.computeIfAbsent(turn.about, n -> new ArrayList<>(1)).add(turn);
        checkIsThere(turn, Promise.SLEEP);
        Picture.Member from = turn.base.connections().get(id);
        if (from != null && from.closing() != null) {
          broken(Promise.ONE_AT_A_TIME, turn + " comes after " + from.closing());
        }
      }
      case CLOSE -> {
        checkIsThere(turn, Promise.CLOSED_ONCE);
        if (run.isLost(id)) {
          run.count(ClusterHappening.CLOSE_OF_A_LOST_GATEWAY);
        }
      }
      case UPGRADE -> {
        if (turn.base.connections().containsKey(id)) {
          broken(Promise.ONE_AT_A_TIME, turn + " comes a second time");
        }
      }
      case HIBERNATE -> run.count(ClusterHappening.SLEEP);
      case ALARM -> run.count(ClusterHappening.ALARM_RUNG);
      case ERROR, REQUEST, ACTIVATE -> {}
    }
  }

  private void checkIsThere(ClusterTurn turn, Promise promise) {
    if (!turn.base.connections().containsKey(turn.connection)) {
      broken(promise, turn + " comes, and there is no such connection");
    }
  }

  /** Records that a handler, and what it waits for, is through. */
  void over(ClusterTurn turn, boolean isGood) {
    if (turn.fate != Fate.OPEN) {
      return;
    }
    turn.fate = isGood && !isOverdue(turn) ? Fate.GOOD : Fate.BAD;
    if (turn.fate == Fate.BAD) {
      run.count(ClusterHappening.TURN_FAILED);
    }
    if (turn.kind == Kind.CLOSE) {
      turn.work.connections().remove(turn.connection);
    }
    if (turn.view.open == turn) {
      turn.view.open = null;
      turn.view.ended = turn;
    }
    run.trace("over " + turn);
  }

  /** Checks that the last turn of a view has handed in what it wrote. */
  private void checkWritten(View view) {
    ClusterTurn turn = view.ended;
    view.ended = null;
    boolean isOwed = turn != null && turn.fate == Fate.GOOD && turn.isChanged();
    if (isOwed
        && !turn.isHandedIn
        && !view.hasLost
        && view.store.epoch(ReplicatedLog.groupOf(view.actor)) == view.epoch) {
      broken(
          Promise.ATOMIC,
          turn + " was to store " + turn.work.differenceTo(turn.base) + "; nothing came of it");
    }
  }

  // The reports of commits follow.

  /** Records that an owner has handed in writes. */
  void handedIn(ReplicatedStore store, TurnBatch batch) {
    View view = view(store, batch.epoch(), batch.actor());
    Rows rows = view.rows.copy();
    rows.apply(batch);
    Picture after;
    try {
      after = Picture.of(rows);
    } catch (IllegalStateException e) {
      broken(Promise.ATOMIC, "after a commit of " + view.actor + " " + e.getMessage());
      return;
    }
    String last = after.values().get("last");
    ClusterTurn turn =
        last == null || last.equals(view.picture.values().get("last"))
            ? null
            : turns.get(Long.parseLong(last.substring(1)));
    if (turn == null) {
      checkElse(view, after);
    } else if (turn.view != view || turn.fate != Fate.GOOD || turn.isHandedIn) {
      broken(Promise.ATOMIC, turn + " is handed in, at " + store.node() + " in " + batch.epoch());
    } else if (!after.equals(turn.work)) {
      broken(
          Promise.ATOMIC,
          "what %s hands in leaves %s".formatted(turn, after.differenceTo(turn.work)));
    } else {
      turn.isHandedIn = true;
      batches.put(batch, turn);
      run.trace("hand in " + turn);
    }
    view.rows = rows;
    view.picture = after;
  }

  /** Checks writes that belong to no successful turn. */
  private void checkElse(View view, Picture after) {
    Picture before = view.picture.copy();
    before.alarms().clear();
    Picture rest = after.copy();
    rest.alarms().clear();
    for (ConnectionId id : List.copyOf(before.connections().keySet())) {
      if (!rest.connections().containsKey(id)) {
        before.connections().remove(id);
      }
    }
    if (!before.equals(rest)) {
      broken(
          Promise.ATOMIC,
          "what no turn of %s hands in leaves %s".formatted(view.actor, rest.differenceTo(before)));
    }
    run.trace("hand in for no turn of " + view.actor);
  }

  /** Records that an owner hears what became of writes. */
  void reported(ReplicatedStore store, TurnBatch batch, CommitResult result) {
    View view = view(store, batch.epoch(), batch.actor());
    if (!(result instanceof CommitResult.Done)) {
      run.count(ClusterHappening.COMMIT_LOST);
      run.trace("a commit of " + view.actor + " is lost: " + result);
      view.hasLost = true;
    }
  }

  /** Records that a majority keeps writes. */
  void kept(Group group, TurnBatch batch) {
    Truth truth = truth(batch.actor());
    ClusterTurn turn = batches.remove(batch);
    Picture after;
    try {
      after = Picture.of(group.rows(batch.actor()));
    } catch (IllegalStateException e) {
      broken(Promise.ATOMIC, "what is kept of " + batch.actor() + ": " + e.getMessage());
      return;
    }
    run.trace(
        "kept of %s in epoch %d: %s"
            .formatted(batch.actor(), batch.epoch(), turn == null ? "no turn" : turn));
    for (ConnectionId id : truth.picture.connections().keySet()) {
      if (!after.connections().containsKey(id)) {
        truth.gone.add(id);
      }
    }
    for (ConnectionId id : after.connections().keySet()) {
      if (truth.gone.contains(id)) {
        broken(Promise.CLOSED_ONCE, id + " of " + batch.actor() + " comes back");
      }
      truth.ever.add(id);
    }
    if (turn != null) {
      keptTurn(truth, turn, after);
    }
    truth.picture = after;
  }

  private void keptTurn(Truth truth, ClusterTurn turn, Picture after) {
    turn.place = ++places;
    if (!after.equals(turn.work)) {
      broken(
          Promise.ATOMIC,
          "what is kept after %s is %s".formatted(turn, after.differenceTo(turn.work)));
    }
    if (turn.kind == Kind.MESSAGE) {
      Known known = known(turn.connection);
      if (turn.about <= known.effective) {
        broken(Promise.ONE_AT_A_TIME, turn + " takes effect after message " + known.effective);
      }
      known.effective = turn.about;
    } else if (turn.kind == Kind.ERROR) {
      if (known(turn.connection).isFailed) {
        broken(Promise.ONE_AT_A_TIME, turn + " takes effect twice");
      }
      known(turn.connection).isFailed = true;
    } else if (turn.kind == Kind.REQUEST && !truth.requests.add(turn.about)) {
      broken(Promise.ONE_AT_A_TIME, turn + " takes effect twice");
    }
  }

  // The reports of what enters and leaves follow.

  /** Records that a gateway reports the end of a connection. */
  void reported(ToHost.Closed closed) {
    known(closed.connection()).reported = closed.reason();
  }

  /** Records how a connection has ended, as a handler is told. */
  void closes(ClusterTurn turn, CloseReason reason) {
    CloseReason reported = known(turn.connection).reported;
    boolean isTold = reported == null || reported.equals(reason);
    if (!isTold && reason.cause() != CloseReason.Cause.GATEWAY_LOST) {
      broken(Promise.CLOSED_ONCE, "%s is told %s, not %s".formatted(turn, reason, reported));
    }
  }

  /** Records that a gateway carries out a release. */
  void released(GatewayNode gateway, Release release) {
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Accepted accepted
          && !truth(release.actor()).ever.contains(accepted.connection())) {
        broken(
            Promise.KEPT_FIRST,
            accepted.connection() + " is accepted at " + gateway + ", and nobody keeps it");
      }
    }
  }

  /** Records that a client has heard a text. */
  void heard(ClusterSocket socket, String text) {
    int dot = text.indexOf('.');
    ClusterTurn turn = turns.get(Long.parseLong(text.substring(1, dot)));
    int place = Integer.parseInt(text.substring(dot + 1));
    checkSaid(turn, socket.actor, text);
    boolean isMeant =
        turn.words.stream()
            .anyMatch(w -> w.text().equals(text) && (w.to() == null || w.to().equals(socket.id)));
    if (!isMeant) {
      broken(Promise.ATOMIC, socket + " hears '" + text + "', which is not for it");
    }
    if (turn.kind == Kind.MESSAGE && socket.id.equals(turn.connection)) {
      ClusterTurn before = known(socket.id).answers.putIfAbsent(turn.about, turn);
      if (before != null && before != turn) {
        broken(
            Promise.ONE_AT_A_TIME,
            "%s hears the answers of %s and of %s".formatted(socket, before, turn));
      }
    }
    boolean isLater =
        turn.number > socket.heardTurn
            || (turn.number == socket.heardTurn && place > socket.heardText);
    if (!isLater) {
      broken(
          Promise.ONE_AT_A_TIME,
          "%s hears '%s' after T%d.%d".formatted(socket, text, socket.heardTurn, socket.heardText));
    }
    socket.heardTurn = turn.number;
    socket.heardText = place;
  }

  /** Records that a client has got an answer to its request. */
  void responded(ActorId actor, ToGateway.Responded answer) {
    if (answer.response().status() != 200) {
      return;
    }
    String text = new Payload.Text(answer.response().body()).string();
    ClusterTurn turn = turns.get(Long.parseLong(text.substring(1, text.indexOf('.'))));
    checkSaid(turn, actor, text);
    if (turn.kind != Kind.REQUEST || turn.about != answer.request()) {
      broken(Promise.ATOMIC, turn + " answers request " + answer.request());
    }
  }

  /** Checks that what a turn says may be heard: everything that it did and saw is kept. */
  private void checkSaid(ClusterTurn turn, ActorId actor, String text) {
    if (turn.fate != Fate.GOOD || !turn.actor().equals(actor)) {
      broken(Promise.KEPT_FIRST, "'" + text + "' of " + turn + " is heard");
    }
    if (turn.isChanged() && turn.place == 0) {
      broken(Promise.KEPT_FIRST, "'" + text + "' is heard, and nobody keeps " + turn);
    }
    long seen = turn.place;
    if (seen == 0) {
      String last = turn.base.values().get("last");
      ClusterTurn before = last == null ? null : turns.get(Long.parseLong(last.substring(1)));
      seen = before == null ? 0 : before.place;
      if (before != null && seen == 0) {
        broken(
            Promise.KEPT_FIRST,
            "'%s' of %s is heard, and nobody keeps %s".formatted(text, turn, before));
      }
      if (seen < turn.heardBefore) {
        broken(
            Promise.KEPT_FIRST,
            "'%s' of %s is heard, which has not seen what was heard before".formatted(text, turn));
      }
    }
    Truth truth = truth(actor);
    truth.heard = Math.max(truth.heard, seen);
  }

  /**
   * Records that a socket hears that a message is handled. If the client has not heard what the
   * turn said to it, its connection must be closed soon.
   */
  void handled(ClusterSocket socket, long sequence) {
    Known known = known(socket.id);
    List<ClusterTurn> tries = known.turns.getOrDefault(sequence, List.of());
    boolean isAnyEffective = tries.stream().anyMatch(turn -> turn.place != 0);
    boolean isHeard =
        tries.stream()
            .filter(turn -> !isAnyEffective || turn.place != 0)
            .anyMatch(turn -> isHeardBy(socket, turn));
    if (!isHeard) {
      bereft.putIfAbsent(socket, "message %d, handled by %s".formatted(sequence, tries));
    }
  }

  /** Checks that no client is left that has missed an answer. */
  void checkBereft(List<ClusterSocket> open) {
    for (ClusterSocket socket : open) {
      String why = bereft.get(socket);
      if (why != null) {
        broken(
            Promise.KEPT_FIRST,
            "the client of %s has missed what was said to it, and is not told: %s"
                .formatted(socket, why));
      }
    }
  }

  private static boolean isHeardBy(ClusterSocket socket, ClusterTurn turn) {
    if (turn.fate != Fate.GOOD) {
      return turn.fate == Fate.BAD;
    }
    String lastWord =
        turn.words.stream()
            .filter(word -> socket.id.equals(word.to()))
            .reduce((first, second) -> second)
            .map(ClusterTurn.Word::text)
            .orElse(null);
    return lastWord == null
        || turn.number < socket.heardTurn
        || (turn.number == socket.heardTurn
            && Integer.parseInt(lastWord.substring(lastWord.indexOf('.') + 1)) <= socket.heardText);
  }

  /** Returns some turn that is open; null if there is none in the ownerships that are in force. */
  @Nullable ClusterTurn stillOpen() {
    return views.values().stream()
        .filter(v -> v.open != null && v.store == v.store.node().store())
        .filter(v -> v.store.epoch(ReplicatedLog.groupOf(v.actor)) == v.epoch)
        .map(v -> v.open)
        .filter(turn -> turn != null && !isOverdue(turn))
        .findFirst()
        .orElse(null);
  }
}
