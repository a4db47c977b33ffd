package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.commit.Answers;
import dev.dormouse.server.host.commit.CommitPipeline;
import dev.dormouse.server.host.commit.Outlet;
import dev.dormouse.server.host.commit.OutputGate;
import dev.dormouse.server.host.commit.Repeats;
import dev.dormouse.server.host.commit.TurnWatch;
import dev.dormouse.server.host.owner.InFlight;
import dev.dormouse.server.host.owner.Ownership;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.Activation;
import dev.dormouse.server.host.turn.AutoReplyRows;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Turn;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.protocol.TellId;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.InboxRow;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An actor's shell in memory: it handles the actor's events one at a time, each in a turn, and
 * commits what a turn wrote before any client hears of the turn.
 *
 * <h2>The way of an event</h2>
 *
 * A gateway hands an event to {@link ActorHost}, which finds the actor's cell, or makes one, and
 * offers the event to it. The cell's {@link Mailbox} takes the event, or turns it away if it is
 * full, and says whether a thread must be started for the cell. That thread takes one event after
 * the other. If there is no actor object, it makes an {@code Activation} first, whose {@code
 * onActivate} is a turn of its own. The activation runs the handler of the event in a {@code Turn},
 * which collects what the handler writes and sends. When the handler has returned, and every stage
 * that it waits for has completed, the turn ends: the {@code CommitPipeline} hands its writes to
 * the store, and its messages to the {@code OutputGate}, which sends them once the store has kept
 * the turn and all turns before it. The next event need not wait for the store: its turn sees the
 * writes that are on their way through {@code ActorRows}, and its messages wait behind them.
 *
 * <h2>Who runs a cell</h2>
 *
 * One thread at a time runs a cell: the thread that was started when an event came, or the thread
 * that has won the right to end the open turn. Three threads compete for that right: the handler's
 * when it returns, the one on which the last awaited stage completes, and the clock's when it finds
 * the turn overdue. {@code Turn} gives the right to one of them. Fields without a comment about
 * threads belong to the thread that runs the cell. The mailbox and the gate are the borders to
 * other threads: each has a monitor of its own, and neither calls the cell while it holds that
 * monitor.
 *
 * <h2>What happens when something fails</h2>
 *
 * When a turn fails, nothing of it is stored or sent, and the actor object is dropped, since its
 * fields may be half changed. Commits of earlier turns that are on their way go on. When a commit
 * is lost, the cell waits until all commits on their way have reported, forgets what it knows, and
 * reads the store anew; the clients of the lost turns are told that their messages were not stored.
 * {@link Recovery} decides what becomes of the event of a failed turn, and when the next attempt is
 * made; as long as nothing has failed, the cell does not ask it.
 *
 * <h2>The end</h2>
 *
 * {@link CellState} draws the life of a cell. When the actor is idle, its object is dropped. When
 * all commits are in the store and every close is handled, the cell retires. The next event of the
 * actor makes a new cell.
 *
 * <p>If other nodes may own the actor, a cell belongs to one {@link Ownership} and keeps its epoch
 * for life. When the ownership is left in good order, the cell {@linkplain #finish finishes}: it
 * handles no further event, but the open turn and {@code onHibernate} are committed. When the
 * ownership is lost, the cell is {@linkplain #drop dropped}: the open turn is abandoned, and
 * nothing leaves the gate any more. Either way the cell ends once its commits have been reported.
 * The actor's next cell on this node waits for that end, so that no turns of two cells overlap.
 */
final class ActorCell {
  /** The most steps that a cell takes before it gives its thread to other cells. */
  private static final int SLICE = 64;

  private static final String DROPPED = "the node does not own the actor any more";

  private final ActorId id;

  /** The ownership under which the cell was made; null if no other node can own the actor. */
  private final @Nullable Ownership ownership;

  /** Completes when the cell has ended, so that nothing of it is on its way. */
  private final CompletableFuture<Void> left = new CompletableFuture<>();

  /** The end of the actor's cell before this one; null if it has ended, or there was none. */
  private @Nullable CompletionStage<Void> predecessor;

  /** True if the end of the predecessor will start the cell. */
  private boolean isWaitingForPredecessor;

  private final Executor executor;
  private final HostOptions options;
  private final Time time;
  private final TurnWatch watch;
  private final FailureLog failures;
  private final UnsettledTurns unsettled;
  private final Supplier<Activation> activations;
  private final Consumer<ActorCell> onRetired;
  private final Runnable signal = this::signal;

  private final Mailbox mailbox;
  private final OutputGate gate;
  private final ActorRows rows;
  private final AutoReplyRows autoReplies;
  private final ClosingConnections closing;

  /** The wishes to be told when the actor object is gone; the list's monitor guards it. */
  private final List<CompletableFuture<Boolean>> waitingForSleep = new ArrayList<>(0);

  private final CommitPipeline commits;
  private final Recovery recovery;
  private final Repeats repeats;
  private final Step step = new Step();

  /** The cell's state; written by the thread that runs the cell, read by any thread. */
  private volatile CellState state = CellState.COLD;

  /**
   * The actor object; null unless the state is an active one. Written by the thread that runs the
   * cell, read by any thread.
   */
  private volatile @Nullable Activation activation;

  /**
   * The open turn; null if none is open. Written by the thread that runs the cell, read by any
   * thread.
   */
  private volatile @Nullable Turn openTurn;

  /** True if a gateway has come back that may not have heard of closes. Any thread. */
  private volatile boolean mustTellCloses;

  /**
   * The time at which the last turn ended, by the clock that never jumps. Written by the thread
   * that runs the cell, read by any thread.
   */
  private volatile long lastEventNs;

  /** The event whose turn has begun and is not settled yet; null if there is none. */
  private @Nullable Event atHand;

  /**
   * Makes a cell without an actor object.
   *
   * @param ownership the ownership under which the cell runs; null if no other node can own the
   *     actor
   * @param predecessor completes when the actor's cell before this one has ended; null if it has
   * @param executor where the actor's handlers run
   * @param activations reads the actor's row and makes an activation
   * @param onRetired told when this cell has retired, so that the actor needs a new one
   */
  ActorCell(
      ActorId id,
      @Nullable Ownership ownership,
      @Nullable CompletionStage<Void> predecessor,
      Executor executor,
      HostOptions options,
      Time time,
      TurnWatch watch,
      FailureLog failures,
      UnsettledTurns unsettled,
      Mailbox mailbox,
      ActorRows rows,
      AutoReplyRows autoReplies,
      ClosingConnections closing,
      OutputGate gate,
      CommitPipeline commits,
      Recovery recovery,
      Repeats repeats,
      Supplier<Activation> activations,
      Consumer<ActorCell> onRetired) {
    this.id = id;
    this.ownership = ownership;
    this.predecessor = predecessor;
    this.executor = executor;
    this.options = options;
    this.time = time;
    this.watch = watch;
    this.failures = failures;
    this.unsettled = unsettled;
    this.mailbox = mailbox;
    this.rows = rows;
    this.autoReplies = autoReplies;
    this.closing = closing;
    this.gate = gate;
    this.commits = commits;
    this.recovery = recovery;
    this.repeats = repeats;
    this.activations = activations;
    this.onRetired = onRetired;
    this.lastEventNs = time.nowNs();
  }

  ActorId id() {
    return id;
  }

  /** Returns the ownership under which the cell runs; null if no other node can own the actor. */
  @Nullable Ownership ownership() {
    return ownership;
  }

  // Calls from outside. Any thread.

  /**
   * Offers an event to the mailbox, or refuses it at once.
   *
   * @return false if the cell is retired, so that the event belongs to the actor's next cell
   */
  boolean offer(Event work) {
    if (recovery.refuse(work)) {
      return true;
    }
    switch (mailbox.offer(work)) {
      case WAKE -> executor.execute(this::run);
      case FULL -> {
        watch.hit("mailbox", Answers.noRoomOutcome(work), id, work.connection());
        commits.sendNow(Answers.noRoom(work));
        if (work instanceof Event.Call call) {
          call.refuse(Reason.BUSY, "too many events wait for the actor");
        }
      }
      case QUEUED, OUT_OF_TURN -> {}
      case SHUT -> passOver(work);
      case RETIRED -> {
        return false;
      }
    }
    return true;
  }

  /** Ends an event that this node does not handle, because it does not own the actor any more. */
  static void passOver(Event unhandled) {
    if (unhandled instanceof Event.Call call) {
      call.refuse(Reason.CANNOT_WAKE, DROPPED);
    }
    if (unhandled instanceof Event.Hibernate hibernate) {
      hibernate.dropped().complete(false);
    }
  }

  /**
   * Ends the cell in good order: events that wait are passed over, the open turn goes on, and the
   * actor object is dropped after its {@code onHibernate}.
   *
   * @return completes when the cell has ended
   */
  CompletionStage<Void> finish() {
    mailbox.shut().forEach(ActorCell::passOver);
    signal();
    return left;
  }

  /**
   * Ends the cell at once: events that wait are passed over, the open turn is abandoned, and
   * nothing leaves from here on. Idempotent.
   *
   * @return completes when the commits that are on their way have been reported
   */
  CompletionStage<Void> drop() {
    List<Event> waiting = mailbox.shut();
    gate.shut();
    waiting.forEach(ActorCell::passOver);
    wakeSleepers(false);
    boolean isMine = mailbox.signal();
    Turn turn = openTurn;
    if (isMine || (turn != null && turn.abandon(DROPPED))) {
      run();
    }
    return left;
  }

  /**
   * Forgets the events that a gateway has sent and will send again.
   *
   * @param inFlight takes the gateway's messages and requests that are not answered yet
   */
  void forget(long gateway, InFlight inFlight) {
    mailbox.forget(gateway, inFlight);
    mustTellCloses = true; // those that the actor has told may be lost with the link
    if (mailbox.isWithholding() || !closing.isEmpty()) {
      signal(); // there may be room for messages of other gateways, or closes to tell
    }
  }

  /**
   * Tells gateways again of the closes whose ends they have not reported. Without that a socket
   * that has not heard of its close would stay open, and its messages would be passed over.
   */
  private void tellClosesAgain() {
    mustTellCloses = false;
    List<ToGateway> closes = closing.told();
    if (!closes.isEmpty()) {
      commits.tellAgain(closes);
    }
  }

  /**
   * Abandons the open turn if it has taken longer than its limit, or if it becomes a long turn when
   * long turns hold too much memory.
   */
  void abandonOverdue(long nowNs) {
    Turn turn = openTurn;
    if (turn == null) {
      return;
    }
    long openNs = nowNs - turn.startedNs();
    Duration limit = options.turnLimit();
    if (openNs >= UnsettledTurns.LONG_NS
        && !turn.becomeLong()
        && abandon(
            turn, "the turn took longer than 1 s while such turns held too many unsent bytes")) {
      watch.hit("long-turns", "reset", id, turn.work().connection());
    } else if (openNs >= limit.toNanos()
        && abandon(turn, "the turn took longer than " + seconds(limit) + " s")) {
      watch.hit("turn", "reset", id, turn.work().connection());
    }
  }

  private static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3).stripTrailingZeros().toPlainString();
  }

  private boolean abandon(@Nullable Turn turn, String why) {
    if (turn == null || !turn.abandon(why)) {
      return false;
    }
    executor.execute(() -> endAndGoOn(turn));
    return true;
  }

  /**
   * Drops the actor object. A turn that is open is abandoned, as one that takes too long is.
   *
   * @return false if the cell is retired, so that there is no object to drop
   */
  boolean reset(Event.Hibernate reset, String why) {
    return (abandon(openTurn, why) && reset.dropped().complete(true)) || offer(reset);
  }

  /** Starts the cell's next attempt after a failure, if the attempt is due. */
  void retryIfDue(long nowNs) {
    if (recovery.isDue(nowNs)) {
      signal();
    }
  }

  /** Returns whether the actor has had no event for so long that it should hibernate. */
  boolean isIdle(long nowNs) {
    return IdlePolicy.isIdle(lastEventNs, nowNs, options.idle().toNanos()) && !isPinned();
  }

  IdlePolicy.Candidate candidate() {
    return new IdlePolicy.Candidate(id, lastEventNs, isPinned());
  }

  private boolean isPinned() {
    boolean isOwing = activation == null && recovery.owedCloses() > 0;
    return openTurn != null || mailbox.size() > 0 || isOwing;
  }

  /** Returns the number of connections that have ended and whose close is not handled yet. */
  int owedCloses() {
    return recovery.owedCloses();
  }

  /**
   * Describes the actor as it is seen from outside.
   *
   * @param asleep reads the status of an actor that is not in memory from the store
   */
  ActorStatus status(Supplier<ActorStatus> asleep, long nowNs) {
    Activation current = activation;
    Turn turn = openTurn;
    ActorStatus stored =
        current == null
            ? asleep.get()
            : new ActorStatus(
                id,
                ActorStatus.State.AWAKE,
                current.connectionCount(),
                current.activation(),
                Pins.of(turn, mailbox.size(), gate, nowNs, lastEventNs, options.idle()));
    return recovery.addTo(stored, nowNs);
  }

  /** Starts the cell although no event came. Any thread. */
  void signal() {
    if (mailbox.signal()) {
      executor.execute(this::run);
    }
  }

  // From here on: the thread that runs the cell.

  private void run() {
    try {
      for (int i = 0; i < SLICE; i++) {
        if (!step()) {
          return;
        }
      }
    } catch (RuntimeException | Error e) {
      reset(e);
    }
    executor.execute(this::run);
  }

  /**
   * Takes one step: handles an event, activates the actor, or recovers from a lost commit.
   *
   * @return false if the calling thread must leave the cell, because the cell has parked or
   *     retired, or because the thread that ends the open turn runs the cell from then on
   */
  private boolean step() {
    if (gate.isShut()) {
      return leave();
    }
    if (predecessor != null && !hasPredecessorEnded(predecessor)) {
      return false;
    }
    if (gate.loss() != null) {
      return resetAfterLoss();
    }
    if (mailbox.isShut()) {
      return leave();
    }
    if (mustTellCloses) {
      tellClosesAgain();
    }
    boolean isQuiet = recovery.isQuiet();
    Event.Client owed = isQuiet ? null : recovery.owedDue();
    boolean mayRun =
        state.isActive()
            && owed == null
            && (isQuiet || !recovery.isResting())
            && !unsettled.isSpent();
    Event first = mayRun ? mailbox.poll() : mailbox.pollIf(this::needsNoObject);
    if (first != null) {
      tellResumable();
      return first.accept(step);
    }
    if (owed == null && (mayRun || mailbox.size() == 0)) {
      tellResumable();
      return state == CellState.SETTLING ? settle() : !mailbox.park();
    }
    if (!isQuiet && recovery.isResting()) {
      mailbox.rest();
      return false;
    }
    if (unsettled.isSpent()) {
      mailbox.rest();
      unsettled.rest(signal);
      return false;
    }
    if (!state.isActive()) {
      return activate();
    }
    return owed == null || owed.accept(step);
  }

  /** Rests until the actor's cell before this one has ended, if it has not. */
  private boolean hasPredecessorEnded(CompletionStage<Void> before) {
    if (left(before)) {
      predecessor = null;
      return true;
    }
    boolean isFirst = !isWaitingForPredecessor;
    isWaitingForPredecessor = true;
    mailbox.rest(); // from here on another thread may run the cell
    if (isFirst) {
      before.whenComplete((nothing, error) -> signal());
    } else if (left(before)) {
      signal();
    }
    return false;
  }

  private static boolean left(CompletionStage<Void> cell) {
    return cell.toCompletableFuture().isDone();
  }

  /**
   * Ends the cell, whose mailbox is shut. If the gate is open, the actor object hibernates first,
   * and what was sent leaves.
   */
  private boolean leave() {
    if (state == CellState.RETIRED) {
      return false;
    }
    Activation current = activation;
    if (gate.isShut()) {
      Turn lost = openTurn;
      if (lost != null) {
        commits.discard(lost);
        passOver(lost.work());
      }
      if (current != null) {
        watch.left(id, lost, current);
      }
    } else if (state.isActive()) {
      state = state.to(CellState.HIBERNATING);
      return runTurn(new Event.Hibernate(false, false, new CompletableFuture<>()));
    }
    if (state.isActive()) {
      drop(CellState.COLD);
    }
    if (!gate.isEmpty(signal)) {
      return !mailbox.park();
    }
    wakeSleepers(!gate.isShut());
    if (!mailbox.retire()) {
      return true;
    }
    if (state == CellState.COLD) {
      state = state.to(CellState.SETTLING);
    }
    state = state.to(CellState.RETIRED);
    onRetired.accept(this);
    left.complete(null);
    return false;
  }

  /** Returns whether the event can be handled although no turn may begin. */
  private boolean needsNoObject(Event first) {
    return first.needsNoObject()
        || (first instanceof Event.Client client && closing.hasEnded(client));
  }

  /** Handles each kind of event; the result is that of {@link #step()}. */
  private final class Step implements Event.Visitor<Boolean, RuntimeException> {
    @Override
    public Boolean client(Event.Client client) {
      return closing.hasEnded(client) ? passOver(client) : isVain(client) || runEvent(client);
    }

    @Override
    public Boolean alarm(Event.Alarm alarm) {
      return isVain(alarm) || runEvent(alarm);
    }

    @Override
    public Boolean hibernate(Event.Hibernate wish) {
      return ActorCell.this.hibernate(wish);
    }

    @Override
    public Boolean call(Event.Call call) {
      return isVain(call) || runEvent(call);
    }

    @Override
    public Boolean difference(Event.Difference difference) {
      tellStored(difference);
      return true;
    }

    @Override
    public Boolean activate(Event.Activate activate) {
      throw new AssertionError("an Activate event came from the mailbox; only the cell makes one");
    }
  }

  /**
   * Tells a gateway the tags, automatic replies and closes that it has not heard of. The rows are
   * read only when all turns before have ended, and what they say leaves behind the records of
   * these turns. So the gateway never goes back to something older.
   */
  private void tellStored(Event.Difference difference) {
    List<ToGateway> records = new ArrayList<>(1);
    try {
      for (ConnectionId connection : difference.connections()) {
        byte[] row = rows.get(RowKey.connection(connection));
        if (row != null) {
          records.add(stored(connection, ConnectionRow.decode(row)));
        }
      }
      if (difference.isAnsweredOtherwise()) {
        records.add(autoReplies.told());
      }
      commits.tellStored(difference, records);
    } catch (RuntimeException e) {
      difference.untold().run();
      failures.error(
          "the connections or automatic replies of actor {} cannot be read now; a gateway that has"
              + " missed a change is told later: {}",
          id,
          String.valueOf(e));
    }
    difference.end();
    if (state == CellState.COLD && recovery.isQuiet()) {
      state = state.to(CellState.SETTLING); // the cell may have been made for this event alone
    }
  }

  /** Returns the record that tells a gateway what is stored of a connection. */
  private ToGateway stored(ConnectionId connection, ConnectionRow row) {
    ConnectionRow.Closing closed = row.closing();
    if (closed == null) {
      return new ToGateway.Retagged(connection, row.tags());
    }
    ToGateway.Close close = new ToGateway.Close(connection, closed.code(), closed.reason());
    closing.addStored(close);
    return close;
  }

  /** Tells the gateway to send withheld messages again, once the mailbox has room. */
  private void tellResumable() {
    if (mailbox.isWithholding()) {
      commits.sendNow(mailbox.resumable());
    }
  }

  /** Takes the first event out of the mailbox, which must not be empty. */
  private Event take() {
    Event first = mailbox.take();
    tellResumable();
    return first;
  }

  private boolean activate() {
    if (state == CellState.SETTLING) {
      state = state.to(CellState.COLD);
      wakeSleepers(false);
    }
    state = state.to(CellState.ACTIVATING);
    long beganNs = time.nowNs();
    try {
      activation = activations.get();
    } catch (CorruptRowException e) {
      drop(CellState.COLD);
      recovery.corrupt(e);
      return true;
    } catch (RuntimeException | Error e) {
      drop(CellState.COLD);
      recovery.activationFailed(e, beganNs);
      return true;
    }
    return runTurn(Event.Activate.by(mailbox.peek(), beganNs));
  }

  private boolean hibernate(Event.Hibernate hibernate) {
    boolean isCancelled = hibernate.onlyIfIdle() && mailbox.size() > 0;
    if (isCancelled || state == CellState.RETIRED) {
      hibernate.dropped().complete(false);
      return true;
    }
    synchronized (waitingForSleep) {
      waitingForSleep.add(hibernate.dropped());
    }
    if (state.isActive() && !hibernate.isReset()) {
      state = state.to(CellState.HIBERNATING);
      return runTurn(hibernate);
    }
    if (state.isActive()) {
      watch.reset(id, "it was reset from outside", false);
      drop(CellState.COLD);
    }
    if (state == CellState.COLD) {
      state = state.to(CellState.SETTLING);
    }
    return true;
  }

  /**
   * Retires the cell, whose actor object is dropped, once all commits are in the store and every
   * close is handled; parks it until then.
   */
  private boolean settle() {
    if (!gate.isEmpty(signal)) {
      return !mailbox.park();
    }
    wakeSleepers(true);
    if (!closing.isEmpty() || !mailbox.retire()) {
      return !mailbox.park();
    }
    state = state.to(CellState.RETIRED);
    onRetired.accept(this);
    left.complete(null);
    return false;
  }

  private void wakeSleepers(boolean isDropped) {
    List<CompletableFuture<Boolean>> sleepers;
    synchronized (waitingForSleep) {
      if (waitingForSleep.isEmpty()) {
        return;
      }
      sleepers = List.copyOf(waitingForSleep);
      waitingForSleep.clear();
    }
    sleepers.forEach(dropped -> dropped.complete(isDropped));
  }

  /**
   * Ends an event that took effect before or whose connection is gone, or puts off one about which
   * the store cannot be read now.
   *
   * @return whether the event needs no turn
   */
  private boolean isVain(Event.Client client) {
    Activation current = activation;
    if (current == null) {
      throw new IllegalStateException("an event is looked at without an actor object");
    }
    Repeats.Vain vain;
    try {
      vain = repeats.look(client, current);
    } catch (UncheckedIOException e) {
      recovery.unreadable(client, e, time.nowNs());
      return true;
    }
    if (vain == null) {
      return false;
    }
    if (!vain.records().isEmpty()) {
      closing.noteClosesOf(vain.records());
      commits.answer(client, vain.records());
    }
    ToHost.Closed consequence = vain.consequence();
    if (consequence != null) {
      offer(Event.Client.ofHost(consequence));
    }
    recovery.done(client);
    return true;
  }

  /**
   * Ends an alarm that was moved, cancelled or handled meanwhile, or cannot be read now.
   *
   * @return whether the alarm needs no turn
   */
  private boolean isVain(Event.Alarm alarm) {
    Activation current = activation;
    try {
      boolean isMoot = current != null && current.isMoot(alarm);
      if (isMoot) {
        recovery.passOver(alarm);
      }
      return isMoot;
    } catch (UncheckedIOException e) {
      failures.error(
          "the alarms of actor {} cannot be read now; they ring later: {}", id, String.valueOf(e));
      recovery.done(alarm); // it is still set, and comes again
      return true;
    }
  }

  /**
   * Ends a call for which nobody waits any more, or that was told and has taken effect before.
   *
   * @return whether the call needs no turn
   */
  private boolean isVain(Event.Call call) {
    if (call.reply().isOver()) {
      recovery.done(call);
      return true;
    }
    TellId tell = call.request().tell();
    if (tell == null) {
      return false;
    }
    try {
      byte[] last = rows.get(RowKey.inbox(tell.sender()));
      if (last == null) {
        return false;
      }
      InboxRow row = InboxRow.decode(last);
      if (tell.isAfter(row.epoch(), row.number())) {
        return false;
      }
      commits.repeated(call);
      recovery.done(call);
    } catch (UncheckedIOException | CorruptRowException e) {
      recovery.callUnreadable(call, e);
    }
    return true;
  }

  private boolean passOver(Event.Client handle) {
    if (handle.event() instanceof ToHost.Message) {
      commits.acknowledge(handle, closing);
    }
    recovery.done(handle);
    return true;
  }

  private boolean runEvent(Event event) {
    state = state.to(CellState.BUSY);
    return runTurn(event);
  }

  private boolean runTurn(Event work) {
    Activation current = activation;
    if (current == null) {
      throw new IllegalStateException("a turn cannot begin without an actor object");
    }
    Turn turn = commits.open(work, time.nowNs(), this::lastStageCompleted);
    openTurn = turn;
    atHand = work;
    if (gate.isShut()) { // the cell was dropped before the other thread could see this turn
      boolean isMine = turn.abandon(DROPPED);
      boolean unused = turn.returned(null); // clears the interrupt flag
      return isMine;
    }
    Throwable thrown = null;
    if (Answers.isOneTooMany(work, current.connectionCount(), current.options().connectionsMax())) {
      watch.hit("connections-per-actor", "503", id, work.connection());
      Answers.tooManyConnections(work, current.options().connectionsMax()).forEach(turn::answer);
    } else {
      try {
        current.run(turn);
      } catch (Throwable e) {
        thrown = e;
      }
    }
    if (!turn.returned(thrown)) {
      return false;
    }
    end(turn, current);
    return true;
  }

  private void lastStageCompleted(Turn turn) {
    executor.execute(() -> endAndGoOn(turn));
  }

  private void endAndGoOn(Turn turn) {
    Activation current = activation;
    if (current == null) {
      throw new IllegalStateException("a turn ended without an actor object");
    }
    try {
      end(turn, current);
    } catch (RuntimeException | Error e) {
      reset(e);
    }
    run();
  }

  private void end(Turn turn, Activation current) {
    if (gate.isShut()) {
      return; // the next step discards the turn
    }
    Throwable failure = turn.failure();
    if (failure == null) {
      failure = Answers.undecided(turn);
    }
    Event work = turn.work();
    boolean isLast = work instanceof Event.Hibernate;
    if (failure == null) {
      try {
        current.collect(turn, isLast);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }
    Throwable unreadable = turn.isAbandoned() ? null : rows.unreadable();
    boolean hasMetUnreadable = !turn.isAbandoned() && rows.hasMetUnreadable();
    Throwable cause = failure == null ? unreadable : failure;
    openTurn = null;
    lastEventNs = time.nowNs();
    watch.messageRefused(id, turn);
    if (gate.loss() == null && cause == null) {
      commit(turn, current);
      if (isLast) {
        drop(CellState.SETTLING);
      } else {
        state = state.to(CellState.IDLE);
      }
    } else {
      watch.discarded(id, turn, current, gate.loss(), cause);
      discard(turn, cause, unreadable, hasMetUnreadable);
    }
    atHand = null;
  }

  /** Drops a failed turn, and the actor object, whose fields the turn may have changed. */
  private void discard(
      Turn turn,
      @Nullable Throwable cause,
      @Nullable Throwable unreadable,
      boolean hasMetUnreadable) {
    Event work = turn.work();
    commits.discard(turn);
    autoReplies.discard();
    drop(work instanceof Event.Hibernate ? CellState.SETTLING : CellState.COLD);
    CommitResult loss = gate.loss();
    if (loss != null) {
      recovery.lost(work, loss); // this turn may have seen what the lost commit wrote
    } else if (cause == null) {
      throw new AssertionError("a turn is discarded although neither it nor a commit has failed");
    } else {
      recovery.discarded(turn, cause, unreadable, hasMetUnreadable);
    }
  }

  private void commit(Turn turn, Activation current) {
    Event work = turn.work();
    List<ToGateway> records = turn.sayLast(commits.handled(work));
    closing.noteClosesOf(records, turn.number());
    long[] gateways = commits.isRouted() ? current.gateways() : Outlet.NO_GATEWAYS;
    commits.commit(turn, records, gateways, watch.of(id, turn, current, lastEventNs));
    if (work instanceof Event.Activate) {
      recovery.activated();
    } else if (!(work instanceof Event.Hibernate)) {
      recovery.done(work);
    }
  }

  private boolean resetAfterLoss() {
    if (!gate.isEmpty(signal)) {
      return !mailbox.parkWithEvents();
    }
    if (state.isActive()) {
      watch.reset(id, gate.loss(), true);
      drop(CellState.COLD);
    }
    closing.lostAfter(gate.settled());
    recovery.resetAfterLoss(commits.reopen());
    autoReplies.forget();
    return true;
  }

  private void drop(CellState after) {
    activation = null;
    Turn lost = openTurn;
    if (lost != null) {
      lost.endCount(); // reset() comes here with a turn that was never ended
    }
    openTurn = null;
    state = state.to(after);
  }

  /** Resets the cell after an unexpected failure of its own code, and gives its event up. */
  private void reset(Throwable cause) {
    failures.error("the cell of actor {} failed unexpectedly; the actor is reset", id, cause);
    rows.discard();
    if (state == CellState.RETIRED) {
      return;
    }
    if (state != CellState.COLD) {
      watch.reset(id, cause, true);
      drop(CellState.COLD);
    }
    Event failed = atHand == null && mailbox.peek() != null ? take() : atHand;
    if (failed != null) {
      atHand = null;
      try {
        recovery.turnFailed(failed, cause, null);
      } catch (RuntimeException | Error e) {
        failures.error(
            "the answers to a failed event of actor {} could not be sent; its client is not told",
            id,
            e);
      }
    }
  }
}
