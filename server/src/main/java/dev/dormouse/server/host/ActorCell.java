package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.CorruptRowException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An actor's shell in memory. It takes work from the mailbox, one piece at a time, sees to it that
 * there is an actor object, runs the handler in a turn, hands the turn's writes to the store and
 * its words to the gate.
 *
 * <p><b>Who runs it.</b> One thread at a time: whoever set it going through the mailbox, or whoever
 * won the right to end its open {@link Turn}. Fields without another word belong to that thread.
 *
 * <p><b>When a turn fails</b>, nothing of it is kept or said, and the object is dropped, since its
 * fields may be half changed. Commits on their way are not touched by that. When a commit is lost,
 * the cell waits until all on their way have reported, forgets everything, and reads the store
 * anew.
 */
final class ActorCell {
  private static final Logger log = LoggerFactory.getLogger(ActorCell.class);

  /** How much is done in one go before others get the thread. */
  private static final int SLICE = 64;

  private final ActorId id;
  private final ActorType type;
  private final ActorStore store;
  private final Time time;
  private final HostOptions options;
  private final Quarantine quarantine;
  private final Executor executor;
  private final Consumer<ActorCell> onRetired;

  private final Mailbox mailbox;
  private final OutputGate gate;
  private final ActorRows rows;
  private final AutoReplyRows autoReplies;
  private final ClosingConnections closing = new ClosingConnections();
  private final List<CompletableFuture<Boolean>> waitingForSleep = new ArrayList<>();
  private final Outgoing outgoing;

  /** Written by whoever runs the cell, read by anyone. */
  private volatile CellState state = CellState.COLD;

  /** Null unless the state is an active one. Written by whoever runs the cell, read by anyone. */
  private volatile @Nullable Activation activation;

  /** Null unless a turn is open. Written by whoever runs the cell, read by anyone. */
  private volatile @Nullable Turn openTurn;

  /** Null unless an activation failed and is to be tried again. As the one before. */
  private volatile @Nullable Retry resting;

  /** Written by whoever runs the cell, read by anyone. */
  private volatile long lastEventNs;

  ActorCell(
      ActorId id,
      ActorType type,
      ActorStore store,
      Transport transport,
      Time time,
      HostOptions options,
      Asked asked,
      Consumer<ToHost.Closed> unclosed,
      Quarantine quarantine,
      Consumer<ActorCell> onRetired) {
    this.id = id;
    this.type = type;
    this.store = store;
    this.time = time;
    this.options = options;
    this.quarantine = quarantine;
    this.executor = type.executor().apply(id);
    this.onRetired = onRetired;
    this.mailbox = new Mailbox(options.mailboxMax());
    this.gate =
        new OutputGate(
            transport::toGateway, lost -> asked.discarded(id, lost.records()), this::signal);
    this.rows = new ActorRows(store, id, quarantine);
    this.outgoing = new Outgoing(id, store, rows, gate, asked, unclosed);
    this.autoReplies = new AutoReplyRows(rows);
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
  boolean offer(Work work) {
    switch (mailbox.offer(work)) {
      case WAKE -> executor.execute(this::run);
      case FULL -> outgoing.tell(Verdicts.noRoom(work));
      case QUEUED, OUT_OF_TURN -> {}
      case RETIRED -> {
        return false;
      }
    }
    return true;
  }

  /** Abandons the open turn if it began too long ago. */
  void abandonOverdue(long nowNs) {
    Turn turn = openTurn;
    if (turn == null || nowNs - turn.startedNs() < options.turnLimit().toNanos()) {
      return;
    }
    String why = "the turn took longer than " + options.turnLimit().toSeconds() + " s";
    if (turn.abandon(why)) {
      executor.execute(() -> endAndGoOn(turn));
    }
  }

  /** Has the cell try again, if it rests and the time has come. */
  void retryIfDue(long nowNs) {
    Retry retry = resting;
    if (retry != null && retry.isDue(nowNs)) {
      signal();
    }
  }

  IdlePolicy.Candidate candidate() {
    boolean isPinned = openTurn != null || mailbox.size() > 0;
    return new IdlePolicy.Candidate(id, lastEventNs, isPinned);
  }

  ActorStatus status(long nowNs) {
    Activation current = activation;
    if (current == null) {
      return ActorStatus.asleep(id, store);
    }
    Turn turn = openTurn;
    List<String> pins =
        Pins.of(
            turn == null ? null : Duration.ofNanos(nowNs - turn.startedNs()),
            turn != null && turn.isAwaiting(),
            mailbox.size(),
            gate.isHolding(),
            Duration.ofNanos(nowNs - lastEventNs),
            options.idle());
    return new ActorStatus(
        id, ActorStatus.State.ACTIVE, current.connectionCount(), current.activation(), pins);
  }

  private void signal() {
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
    Work next = mailbox.peek();
    if (next == null) {
      return state == CellState.SETTLING ? settle() : !mailbox.park();
    }
    if (resting != null && !resting.isDue(time.nowNs())) {
      mailbox.rest();
      return false;
    }
    if (next instanceof Work.Hibernate hibernate) {
      take();
      return hibernate(hibernate);
    }
    if (!state.isActive()) {
      return activate();
    }
    take();
    if (next instanceof Work.Handle handle && isMoot(handle.event())) {
      return passOver(handle);
    }
    state = state.to(CellState.BUSY);
    return runTurn(next);
  }

  /** Takes the first work; those who were told that there is no room hear when there is. */
  private void take() {
    mailbox.take();
    outgoing.tell(mailbox.resumable());
  }

  private boolean activate() {
    if (state == CellState.SETTLING) {
      state = state.to(CellState.COLD);
      wakeSleepers(false);
    }
    state = state.to(CellState.ACTIVATING);
    try {
      activation = new Activation(id, type, rows, autoReplies, time, store.incarnation(), closing);
    } catch (CorruptRowException e) {
      refuse(e);
      return true;
    } catch (RuntimeException | Error e) {
      activationFailed(e);
      return true;
    }
    return runTurn(new Work.Activate());
  }

  /** The actor's row cannot be read: trying again would not help. Its rows are left as they are. */
  private void refuse(CorruptRowException cause) {
    drop(CellState.COLD);
    if (mailbox.peek() instanceof Work.Handle handle) {
      take();
      closing.handled(handle.event());
      outgoing.say(quarantine.refuse(handle.event(), cause));
      handle.ended().run();
    }
  }

  /**
   * The event that waits is answered as if its own turn had failed, and the next one tries again. A
   * close must take effect: it waits for later attempts, while there are any left.
   */
  private void activationFailed(Throwable cause) {
    drop(CellState.COLD);
    Work waiting = mailbox.peek();
    log.error(
        "actor {} could not be activated for a {}: {}",
        id,
        waiting == null ? "stop" : waiting.label(),
        cause,
        cause);
    if (!(waiting instanceof Work.Handle handle)) {
      return;
    }
    boolean isClose = handle.event() instanceof ToHost.Closed;
    Retry next = isClose ? Retry.after(resting, time.nowNs()) : null;
    resting = next;
    if (next != null) {
      return;
    }
    take();
    if (handle.event() instanceof ToHost.Closed closed) {
      forget(closed);
    } else {
      outgoing.say(Verdicts.failed(waiting, FailurePolicy.KEEP_OPEN));
    }
    handle.ended().run();
  }

  private boolean hibernate(Work.Hibernate hibernate) {
    boolean isCancelled = hibernate.onlyIfIdle() && mailbox.size() > 0;
    if (isCancelled || state == CellState.RETIRED) {
      hibernate.dropped().complete(false);
      return true;
    }
    waitingForSleep.add(hibernate.dropped());
    if (state.isActive()) {
      state = state.to(CellState.HIBERNATING);
      return runTurn(hibernate);
    }
    if (state == CellState.COLD) {
      state = state.to(CellState.SETTLING);
    }
    return true;
  }

  /**
   * The object is gone. Once its commits are in the store, and no close that it began is still
   * unanswered, so is the cell.
   */
  private boolean settle() {
    if (!gate.isEmpty()) {
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

  /** Whether nobody needs to hear of the event any more. */
  private boolean isMoot(ToHost event) {
    if (event instanceof ToHost.Closed closed) {
      Activation current = activation;
      return current != null && !current.isStored(closed.connection());
    }
    return event instanceof ToHost.Message message && closing.contains(message.connection());
  }

  private boolean passOver(Work.Handle handle) {
    if (handle.event() instanceof ToHost.Message message) {
      outgoing.say(List.of(new ToGateway.Handled(message.connection(), message.sequence())));
    }
    handle.ended().run();
    return true;
  }

  private boolean runTurn(Work work) {
    Activation current = activation;
    if (current == null) {
      throw new IllegalStateException("a turn needs an actor object");
    }
    Turn turn = outgoing.open(work, time.nowNs(), this::lastStageCompleted);
    openTurn = turn;
    Throwable thrown = null;
    if (work instanceof Work.Handle handle && isOverConnectionLimit(current, handle.event())) {
      turn.outbox().addAll(Verdicts.tooManyConnections(work));
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

  private static boolean isOverConnectionLimit(Activation current, ToHost event) {
    return event instanceof ToHost.Open && current.connectionCount() >= Connections.CONNECTIONS_MAX;
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
      failure = Verdicts.undecided(turn);
    }
    boolean isLast = turn.work() instanceof Work.Hibernate;
    if (failure == null) {
      try {
        current.collect(turn, isLast);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }
    openTurn = null;
    lastEventNs = time.nowNs();
    CommitResult loss = gate.loss();
    if (loss != null) {
      lose(turn, loss);
    } else if (failure == null) {
      resting = null;
      commit(turn);
      if (isLast) {
        drop(CellState.SETTLING);
      } else {
        state = state.to(CellState.IDLE);
      }
    } else {
      fail(turn, failure);
    }
    if (turn.work() instanceof Work.Handle handle) {
      handle.ended().run();
    }
  }

  private void commit(Turn turn) {
    List<ToGateway> records = new ArrayList<>(turn.outbox());
    records.addAll(Verdicts.handled(turn.work()));
    closing.said(records);
    if (turn.work() instanceof Work.Handle handle) {
      closing.handled(handle.event());
    }
    outgoing.leave(turn, records);
  }

  /** A commit before this turn was lost, and with it whatever this turn saw. */
  private void lose(Turn turn, CommitResult loss) {
    outgoing.discard(turn);
    drop(turn.work() instanceof Work.Hibernate ? CellState.SETTLING : CellState.COLD);
    outgoing.lose(turn.work(), loss);
  }

  /**
   * Nothing of the turn is kept or said; the object, whose fields it may have changed, is dropped.
   */
  private void fail(Turn turn, Throwable failure) {
    Work work = turn.work();
    outgoing.discard(turn);
    if (work instanceof Work.Activate) {
      activationFailed(failure);
      return;
    }
    log.error(
        "a turn of actor {} failed ({}, connection {}); nothing of it was kept or sent: {}",
        id,
        work.label(),
        work.connection(),
        failure,
        failure);
    drop(work instanceof Work.Hibernate ? CellState.SETTLING : CellState.COLD);
    if (work instanceof Work.Handle handle && handle.event() instanceof ToHost.Closed closed) {
      forget(closed);
    } else {
      List<ToGateway> records = Verdicts.failed(work, type.failurePolicy());
      closing.said(records);
      outgoing.say(records);
    }
  }

  /**
   * A close handler threw: what it did is void, but the connection is gone all the same. If the
   * store cannot even be read, the row stays, and the next start finds it.
   */
  private void forget(ToHost.Closed closed) {
    closing.handled(closed);
    try {
      outgoing.forget(closed);
    } catch (RuntimeException e) {
      rows.discard();
      log.error("{} of actor {} could not be removed", closed.connection(), id, e);
    }
  }

  private boolean resetAfterLoss() {
    if (!gate.isEmpty()) {
      return !mailbox.park();
    }
    if (state.isActive()) {
      drop(CellState.COLD);
    }
    closing.clear();
    closing.said(outgoing.reopen());
    autoReplies.forget();
    return true;
  }

  private void drop(CellState after) {
    activation = null;
    openTurn = null;
    state = state.to(after);
  }

  /**
   * Something failed that nothing here can fail by: the work at hand is given up, the cell goes on.
   */
  private void reset(Throwable cause) {
    log.error("the cell of actor {} failed; it is reset", id, cause);
    rows.discard();
    if (state == CellState.RETIRED) {
      return;
    }
    if (state != CellState.COLD) {
      drop(CellState.COLD);
    }
    Work work = mailbox.peek();
    if (work != null) {
      take();
      outgoing.say(Verdicts.failed(work, type.failurePolicy()));
    }
  }
}
