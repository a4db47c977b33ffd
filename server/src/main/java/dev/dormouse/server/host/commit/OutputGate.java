package dev.dormouse.server.host.commit;

import dev.dormouse.log.Log;
import dev.dormouse.server.host.turn.Questions;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.storage.CommitResult;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Holds the records that an actor's turns send until the store has kept what the turns wrote, and
 * then hands them to the transport in the order of the turns. A turn that stored nothing waits only
 * for the turns before it.
 *
 * <p>Once a commit is lost (refused, fenced or unknown), the gate sends only the answers for lost
 * turns, until the cell has reset itself.
 *
 * <p>Once the gate is shut, because this node does not own the actor any more, nothing leaves it.
 * Commits may still be on their way then; the gate is empty when they have been reported.
 *
 * <p>Turns arrive on the thread that runs the cell, results of commits on a thread of the store.
 * The gate's monitor guards all fields; {@code loss}, {@code settled} and {@code isShut} can also
 * be read without it. The monitor is held while a release is handed to the outlet, so that no
 * release overtakes another.
 */
public final class OutputGate {
  private static final Logger log = Log.of(OutputGate.class);

  /** Hears, in the order of the turns, whether the store has kept a turn's writes. */
  public interface Listener {

    /** Called when the turn's writes are in the store and its records have been handed on. */
    void kept();

    /** Called when the turn's commit, or a commit before it, was lost. */
    void lost();
  }

  private static final class Held {
    final long turn;
    final long bytes;
    final Release release;
    final long[] gateways;
    final Function<CommitResult, Release> ifLost;
    final @Nullable Listener listener;
    @Nullable CommitResult result;

    Held(
        long turn,
        long bytes,
        Release release,
        long[] gateways,
        Function<CommitResult, Release> ifLost,
        @Nullable Listener listener,
        @Nullable CommitResult result) {
      this.turn = turn;
      this.bytes = bytes;
      this.release = release;
      this.gateways = gateways;
      this.ifLost = ifLost;
      this.listener = listener;
      this.result = result;
    }
  }

  private final Outlet outlet;
  private final @Nullable Unanswered unanswered;
  private final @Nullable Runnable onFenced;
  private final Questions questions;
  private final UnsettledTurns unsettled;
  private final ArrayDeque<Held> held = new ArrayDeque<>(2);
  private volatile @Nullable CommitResult loss;
  private volatile long settled;

  /** True once nothing may leave any more. */
  private volatile boolean isShut;

  /** The number of commits on their way since the gate was shut. */
  private int underWay;

  /** An action to run once nothing is held any more; null unless the cell waits for that. */
  private @Nullable Runnable whenEmpty;

  /**
   * Creates a gate that holds nothing.
   *
   * @param outlet takes the releases, with the monitor held
   * @param unanswered told of the answers that leave; null if nothing need be remembered
   * @param onFenced runs when a commit was fenced, so that the gate is shut; null if a fenced
   *     commit is a lost one, because no other node can own the actor
   * @param questions told of messages that are not sent, with the monitor held
   * @param unsettled told how many bytes begin or cease to wait here, with the monitor held
   */
  public OutputGate(
      Outlet outlet,
      @Nullable Unanswered unanswered,
      @Nullable Runnable onFenced,
      Questions questions,
      UnsettledTurns unsettled) {
    this.outlet = outlet;
    this.unanswered = unanswered;
    this.onFenced = onFenced;
    this.questions = questions;
    this.unsettled = unsettled;
  }

  /**
   * Takes the records of a turn that stored nothing.
   *
   * @param bytes the memory that the turn holds
   * @param gateways the gateways that hold connections of the actor
   * @param ifLost makes the records to send instead if a commit before the turn is lost
   * @param listener told what became of the turn; null if there is no observer
   */
  synchronized void pass(
      long turn,
      long bytes,
      Release release,
      long[] gateways,
      Function<CommitResult, Release> ifLost,
      @Nullable Listener listener) {
    long waiting = held.isEmpty() ? 0 : bytes;
    Held entry = new Held(turn, waiting, release, gateways, ifLost, listener, CommitResult.DONE);
    if (isShut) {
      drop(entry);
    } else {
      unsettled.begin(waiting);
      held.add(entry);
      letOut();
    }
  }

  /**
   * Takes the records of a turn whose writes are on their way to the store.
   *
   * @param bytes the memory that the turn holds
   * @param gateways the gateways that hold connections of the actor
   * @param ifLost makes the records to send instead, from the result of the first lost commit;
   *     called at most once
   * @param listener told what became of the turn; null if there is no observer
   * @param commit completes when the store has kept or lost the writes
   */
  void hold(
      long turn,
      long bytes,
      Release release,
      long[] gateways,
      Function<CommitResult, Release> ifLost,
      @Nullable Listener listener,
      CompletionStage<CommitResult> commit) {
    Held entry = new Held(turn, bytes, release, gateways, ifLost, listener, null);
    synchronized (this) {
      if (isShut) {
        drop(entry);
        underWay++;
      } else {
        unsettled.begin(bytes);
        held.add(entry);
      }
    }
    commit.whenComplete(
        (result, error) ->
            arrived(entry, error == null ? result : new CommitResult.Unknown(error)));
  }

  /** Sends records that belong to no turn, such as flow control, at once. */
  synchronized void send(Release release) {
    if (!isShut) {
      emit(release, Outlet.NO_GATEWAYS);
    }
  }

  private void arrived(Held entry, CommitResult result) {
    Runnable waiting = null;
    boolean isFenced = false;
    synchronized (this) {
      if (isShut) {
        underWay--;
      } else {
        entry.result = result;
        isFenced = onFenced != null && result instanceof CommitResult.Fenced;
        if (isFenced) {
          shut();
        } else {
          letOut();
        }
      }
      if (held.isEmpty() && underWay == 0) {
        waiting = whenEmpty;
        whenEmpty = null;
      }
    }
    if (isFenced && onFenced != null) {
      onFenced.run();
    }
    if (waiting != null) {
      waiting.run();
    }
  }

  /**
   * Shuts the gate: what is held, and what comes from here on, is dropped. Idempotent. Any thread.
   */
  public synchronized void shut() {
    if (isShut) {
      return;
    }
    isShut = true;
    for (Held entry : held) {
      unsettled.end(entry.bytes);
      drop(entry);
      underWay += entry.result == null ? 1 : 0;
    }
    held.clear();
  }

  private void drop(Held entry) {
    questions.discarded(entry.release.records());
    tell(entry.listener, false);
  }

  /** Returns whether the gate is shut. */
  public boolean isShut() {
    return isShut;
  }

  private void letOut() {
    for (Held next = held.peek(); next != null && next.result != null; next = held.peek()) {
      if (!(next.result instanceof CommitResult.Done) && loss == null) {
        loss = next.result;
      }
      held.remove();
      unsettled.end(next.bytes);
      if (loss == null) {
        settled = Math.max(settled, next.turn);
        emit(next.release, next.gateways);
      } else {
        questions.discarded(next.release.records());
        emit(next.ifLost.apply(loss), Outlet.NO_GATEWAYS);
      }
      tell(next.listener, loss == null);
    }
  }

  private static void tell(@Nullable Listener listener, boolean isKept) {
    if (listener != null && isKept) {
      listener.kept();
    } else if (listener != null) {
      listener.lost();
    }
  }

  private void emit(Release release, long[] gateways) {
    if (release.records().isEmpty()) {
      return;
    }
    try {
      if (unanswered == null) {
        outlet.send(release, gateways);
      } else {
        unanswered.leave(release, gateways, outlet);
      }
    } catch (RuntimeException | Error e) {
      log.error(
          "the records of a turn of actor {} could not be handed to the gateway; some may be lost",
          release.actor(),
          e);
    }
  }

  /** Returns the number of the last turn up to which the store has kept all turns. */
  public long settled() {
    return settled;
  }

  /**
   * Returns whether nothing is held and no commit is on its way.
   *
   * @param later if not, run once that is so, on the thread that let the last release out
   */
  public synchronized boolean isEmpty(Runnable later) {
    whenEmpty = held.isEmpty() && underWay == 0 ? null : later;
    return whenEmpty == null;
  }

  /** Returns whether something is held. */
  public synchronized boolean isHolding() {
    return !held.isEmpty();
  }

  /** Returns the result of the first lost commit; null if none was lost since the last reset. */
  public @Nullable CommitResult loss() {
    return loss;
  }

  /** Lets turns send again, after the cell has reset itself. */
  synchronized void reopen() {
    loss = null;
  }
}
