package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.host.commit.Answers;
import dev.dormouse.server.host.commit.CommitPipeline;
import dev.dormouse.server.host.commit.OutputGate;
import dev.dormouse.server.host.commit.TurnWatch;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.turn.Activation;
import dev.dormouse.server.host.turn.AutoReplyRows;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Turn;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.rows.CorruptRowException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An actor's shell in memory: it handles the actor's events one at a time, each in a turn, and
 * commits what the turn did before anyone hears of it.
 *
 * <h2>The way of an event</h2>
 *
 * A gateway hands an event to {@link ActorHost}, which finds the actor's cell, or makes one, and
 * offers the event to it. The cell's {@link Mailbox} takes the event, or turns it away if it is
 * full, and says whether the cell has to be set going. The cell then takes one event after the
 * other. If there is no actor object, it makes an {@code Activation} first, whose {@code
 * onActivate} is a turn of its own. The activation runs the handler of the event in a {@code Turn},
 * which collects what the handler writes and says. When the handler has returned, and every stage
 * that it waits for has completed, the turn ends: the {@code CommitPipeline} hands its writes to
 * the store, and its words to the {@code OutputGate}, which lets them out once the store has kept
 * the turn and all turns before it. The next event need not wait for the store: its turn sees the
 * writes that are on their way through {@code ActorRows}, and its words queue up behind them.
 *
 * <h2>Who runs a cell</h2>
 *
 * One thread at a time runs a cell: the one that the mailbox has set going, or the one that has won
 * the right to end the open turn. A handler that returns, the last awaited stage that completes,
 * and the clock that finds a turn overdue compete for that right, and {@code Turn} gives it to one
 * of them. Fields without another word belong to the thread that runs the cell. The mailbox and the
 * gate are the borders to other threads: each has a monitor of its own, and neither calls the cell
 * while it holds that monitor.
 *
 * <h2>What happens when something fails</h2>
 *
 * When a turn fails, nothing of it is kept or said, and the actor object is dropped, since its
 * fields may be half changed. Commits that are on their way are not touched by that. When a commit
 * is lost, the cell waits until all commits on their way have reported, forgets everything, and
 * reads the store anew: the clients of the lost turns hear that they were not kept. {@link
 * Recovery} decides what becomes of the event of a failed turn, and when the next attempt is made;
 * as long as nothing has failed, the cell does not ask it.
 *
 * <h2>The end</h2>
 *
 * {@link CellState} draws the life of a cell. An idle actor's object is dropped; when its commits
 * are in the store and no close is unanswered, the cell retires, and the next event makes a new
 * one.
 */
final class ActorCell {
  /** How much is done in one go before others get the thread. */
  private static final int SLICE = 64;

  private final ActorId id;
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
  private final List<CompletableFuture<Boolean>> waitingForSleep = new ArrayList<>(0);
  private final CommitPipeline outgoing;
  private final Recovery recovery;
  private final Step step = new Step();

  /** Written by whoever runs the cell, read by anyone. */
  private volatile CellState state = CellState.COLD;

  /** Null unless the state is an active one. Written by whoever runs the cell, read by anyone. */
  private volatile @Nullable Activation activation;

  /** Null unless a turn is open. Written by whoever runs the cell, read by anyone. */
  private volatile @Nullable Turn openTurn;

  /** Written by whoever runs the cell, read by anyone. */
  private volatile long lastEventNs;

  /** Null unless a turn has begun whose end was not seen to yet. */
  private @Nullable Event atHand;

  /**
   * Makes a cell without an actor object.
   *
   * @param executor where the actor's handlers run
   * @param activations makes an actor object, whose row it reads
   * @param onRetired hears that the actor needs another cell from now on
   */
  ActorCell(
      ActorId id,
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
      CommitPipeline outgoing,
      Recovery recovery,
      Supplier<Activation> activations,
      Consumer<ActorCell> onRetired) {
    this.id = id;
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
    this.outgoing = outgoing;
    this.recovery = recovery;
    this.activations = activations;
    this.onRetired = onRetired;
    this.lastEventNs = time.nowNs();
  }

  ActorId id() {
    return id;
  }

  // From outside, any thread.

  /**
   * Hands in work.
   *
   * @return false if the cell is retired: the actor has, or needs, another one
   */
  boolean offer(Event work) {
    if (recovery.refuse(work)) {
      return true;
    }
    switch (mailbox.offer(work)) {
      case WAKE -> executor.execute(this::run);
      case FULL -> {
        watch.hit("mailbox", Answers.noRoomOutcome(work), id, work.connection());
        outgoing.tell(Answers.noRoom(work));
      }
      case QUEUED, OUT_OF_TURN -> {}
      case RETIRED -> {
        return false;
      }
    }
    return true;
  }

  /** Abandons the open turn if it began too long ago; before that, it ends to be counted. */
  void abandonOverdue(long nowNs) {
    Turn turn = openTurn;
    Duration limit = options.turnLimit();
    if (turn != null && nowNs - turn.startedNs() >= UnsettledTurns.COUNTED_NS) {
      turn.endCount();
    }
    if (turn != null
        && nowNs - turn.startedNs() >= limit.toNanos()
        && abandon(turn, "the turn took longer than " + limit.toSeconds() + " s")) {
      watch.hit("turn", "reset", id, turn.work().connection());
    }
  }

  private boolean abandon(@Nullable Turn turn, String why) {
    if (turn == null || !turn.abandon(why)) {
      return false;
    }
    executor.execute(() -> endAndGoOn(turn));
    return true;
  }

  /** Drops the actor object; with an open turn, as if that took too long. */
  boolean reset(Event.Hibernate reset, String why) {
    return (abandon(openTurn, why) && reset.dropped().complete(true)) || offer(reset);
  }

  /** Has the cell try again, if something waits for that and the time has come. */
  void retryIfDue(long nowNs) {
    if (recovery.isDue(nowNs)) {
      signal();
    }
  }

  /** Whether it has had nothing to do for so long that it is to hibernate. */
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

  /** How many connections have ended without their close having taken effect. */
  int owedCloses() {
    return recovery.owedCloses();
  }

  /**
   * Describes the actor as it is seen from outside.
   *
   * @param asleep reads what is stored of it
   */
  ActorStatus status(Supplier<ActorStatus> asleep, long nowNs) {
    Activation current = activation;
    Turn turn = openTurn;
    ActorStatus stored =
        current == null
            ? asleep.get()
            : new ActorStatus(
                id,
                ActorStatus.State.ACTIVE,
                current.connectionCount(),
                current.activation(),
                Pins.of(turn, mailbox.size(), gate, nowNs, lastEventNs, options.idle()));
    return recovery.addTo(stored, nowNs);
  }

  /** Has it run, though nothing came. Any thread. */
  void signal() {
    if (mailbox.signal()) {
      executor.execute(this::run);
    }
  }

  // The cell's own thread, from here on.

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
   * Does one thing.
   *
   * @return false if the caller is to leave the cell alone: it has parked, or retired, or whoever
   *     ends the open turn goes on
   */
  private boolean step() {
    if (gate.loss() != null) {
      return resetAfterLoss();
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

  /** Returns whether the event can be seen to although no turn may begin. */
  private boolean needsNoObject(Event first) {
    return first instanceof Event.Hibernate
        || (first instanceof Event.Client client && closing.hasEnded(client));
  }

  /** Sees to one event. */
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
    public Boolean activate(Event.Activate activate) {
      throw new AssertionError("a cell makes its object by itself");
    }
  }

  /** Tells those who were told that there is no room, once there is. */
  private void tellResumable() {
    if (mailbox.isWithholding()) {
      outgoing.tell(mailbox.resumable());
    }
  }

  /** Takes the first event, which is there. */
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
    waitingForSleep.add(hibernate.dropped());
    if (state.isActive() && !hibernate.isReset()) {
      state = state.to(CellState.HIBERNATING);
      return runTurn(hibernate);
    }
    if (state.isActive()) {
      watch.reset(id, "it was reset from outside");
      drop(CellState.COLD);
    }
    if (state == CellState.COLD) {
      state = state.to(CellState.SETTLING);
    }
    return true;
  }

  /**
   * The object is gone. Once its commits are in the store, and no close is still unanswered or
   * owed, so is the cell.
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
    return false;
  }

  private void wakeSleepers(boolean isDropped) {
    waitingForSleep.forEach(dropped -> dropped.complete(isDropped));
    waitingForSleep.clear();
  }

  /** Sees to a close that has had its turn, or cannot have it yet. */
  private boolean isVain(Event.Client client) {
    if (!(client.event() instanceof ToHost.Closed closed)) {
      return false;
    }
    try {
      return !rows.has(closed.connection()) && passOver(client);
    } catch (UncheckedIOException e) {
      recovery.unreadable(client, e, time.nowNs());
      return true;
    }
  }

  /** Sees to an alarm that was moved, cancelled or handled since, or cannot be read now. */
  private boolean isVain(Event.Alarm alarm) {
    Activation current = activation;
    try {
      boolean isMoot = current != null && current.isMoot(alarm);
      if (isMoot) {
        recovery.passOver(alarm);
      }
      return isMoot;
    } catch (UncheckedIOException e) {
      failures.error("alarms of actor {} cannot be read: {}", id, String.valueOf(e));
      recovery.done(alarm); // it is still set, and comes again
      return true;
    }
  }

  private boolean passOver(Event.Client handle) {
    if (handle.event() instanceof ToHost.Message) {
      outgoing.passOver(handle);
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
      throw new IllegalStateException("a turn needs an actor object");
    }
    Turn turn = outgoing.open(work, time.nowNs(), this::lastStageCompleted);
    openTurn = turn;
    atHand = work;
    Throwable thrown = null;
    if (Answers.isOneTooMany(work, current.connectionCount())) {
      watch.hit("connections-per-actor", "503", id, work.connection());
      Answers.tooManyConnections(work).forEach(turn::answer);
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

  /** Nothing of the turn is kept or said; the object, whose fields may have changed, goes. */
  private void discard(
      Turn turn,
      @Nullable Throwable cause,
      @Nullable Throwable unreadable,
      boolean hasMetUnreadable) {
    Event work = turn.work();
    outgoing.discard(turn);
    autoReplies.discard();
    drop(work instanceof Event.Hibernate ? CellState.SETTLING : CellState.COLD);
    CommitResult loss = gate.loss();
    if (loss != null) {
      recovery.lost(work, loss); // and with what was lost, whatever this turn saw
    } else if (cause == null) {
      throw new AssertionError("a turn is discarded for a reason");
    } else {
      recovery.discarded(work, cause, unreadable, hasMetUnreadable, turn.startedNs());
    }
  }

  private void commit(Turn turn, Activation current) {
    Event work = turn.work();
    List<ToGateway> records = turn.sayLast(Answers.handled(work));
    closing.said(records, turn.number());
    outgoing.leave(turn, records, watch.of(id, turn, current, lastEventNs));
    if (work instanceof Event.Activate) {
      recovery.activated();
    } else if (!(work instanceof Event.Hibernate)) {
      recovery.done(work);
    }
  }

  private boolean resetAfterLoss() {
    if (!gate.isEmpty(signal)) {
      return !mailbox.park();
    }
    if (state.isActive()) {
      watch.reset(id, gate.loss());
      drop(CellState.COLD);
    }
    closing.lostAfter(gate.settled());
    recovery.resetAfterLoss(outgoing.reopen());
    autoReplies.forget();
    return true;
  }

  private void drop(CellState after) {
    activation = null;
    Turn lost = openTurn;
    if (lost != null) {
      lost.endCount(); // nobody else does, if nothing here could fail and something did
    }
    openTurn = null;
    state = state.to(after);
  }

  /** Something failed that nothing here can fail by: the work at hand is given up. */
  private void reset(Throwable cause) {
    failures.error("the cell of actor {} failed; it is reset", id, cause);
    rows.discard();
    if (state == CellState.RETIRED) {
      return;
    }
    if (state != CellState.COLD) {
      watch.reset(id, cause);
      drop(CellState.COLD);
    }
    Event failed = atHand == null && mailbox.peek() != null ? take() : atHand;
    if (failed != null) {
      atHand = null;
      try {
        recovery.turnFailed(failed, cause);
      } catch (RuntimeException | Error e) {
        failures.error("nor could that of actor {} be told", id, e);
      }
    }
  }
}
