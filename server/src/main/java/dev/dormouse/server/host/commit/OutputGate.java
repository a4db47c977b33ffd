package dev.dormouse.server.host.commit;

import dev.dormouse.log.Log;
import dev.dormouse.server.host.turn.Questions;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.CommitResult;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Holds what an actor's turns say until it is kept, and lets it out in the order of the turns. A
 * turn that stored nothing waits only for those before it.
 *
 * <p>Once a commit is lost (fenced, or unknown) nothing more goes out but the words for the lost
 * turns, until the cell has reset itself. Turns come in on the cell's thread, results on the
 * store's: the monitor guards all fields, two of which are read without it, and is held while a
 * release is handed to the transport, so that releases never overtake each other.
 */
public final class OutputGate {
  private static final Logger log = Log.of(OutputGate.class);

  /** Hears whether what a turn wrote is kept, in the order of the turns. */
  public interface Listener {

    /** What the turn wrote is in the store, and what it said has left. */
    void kept();

    /** The turn's commit was lost, or one that it built on. */
    void lost();
  }

  private static final class Held {
    final long turn;
    final long bytes;
    final Release release;
    final Function<CommitResult, Release> ifLost;
    final @Nullable Listener listener;
    @Nullable CommitResult result;

    Held(
        long turn,
        long bytes,
        Release release,
        Function<CommitResult, Release> ifLost,
        @Nullable Listener listener,
        @Nullable CommitResult result) {
      this.turn = turn;
      this.bytes = bytes;
      this.release = release;
      this.ifLost = ifLost;
      this.listener = listener;
      this.result = result;
    }
  }

  private final Transport transport;
  private final Questions questions;
  private final UnsettledTurns unsettled;
  private final ArrayDeque<Held> held = new ArrayDeque<>(2);
  private volatile @Nullable CommitResult loss;
  private volatile long settled;

  /** Run when nothing is held any more; null unless somebody waits for that. */
  private @Nullable Runnable whenEmpty;

  /**
   * A gate that is open.
   *
   * @param questions told of what does not go out, with the monitor held
   * @param unsettled told what waits here, and what no more does, with the monitor held
   */
  public OutputGate(Transport transport, Questions questions, UnsettledTurns unsettled) {
    this.transport = transport;
    this.questions = questions;
    this.unsettled = unsettled;
  }

  /**
   * A turn that stored nothing.
   *
   * @param bytes how much memory it holds
   * @param listener told what became of it; null if nobody wants to know
   */
  synchronized void pass(
      long turn,
      long bytes,
      Release release,
      Function<CommitResult, Release> ifLost,
      @Nullable Listener listener) {
    long waiting = held.isEmpty() ? 0 : bytes;
    unsettled.begin(waiting);
    held.add(new Held(turn, waiting, release, ifLost, listener, CommitResult.DONE));
    letOut();
  }

  /**
   * A turn whose writes are on their way.
   *
   * @param bytes how much memory it holds
   * @param ifLost what to say instead, by how the first commit was lost; called at most once
   * @param listener told what became of it; null if nobody wants to know
   */
  void hold(
      long turn,
      long bytes,
      Release release,
      Function<CommitResult, Release> ifLost,
      @Nullable Listener listener,
      CompletionStage<CommitResult> commit) {
    Held entry = new Held(turn, bytes, release, ifLost, listener, null);
    synchronized (this) {
      unsettled.begin(bytes);
      held.add(entry);
    }
    commit.whenComplete(
        (result, error) ->
            arrived(entry, error == null ? result : new CommitResult.Unknown(error)));
  }

  /** Words that belong to no turn, such as flow control. */
  synchronized void say(Release release) {
    emit(release);
  }

  private void arrived(Held entry, CommitResult result) {
    Runnable waiting = null;
    synchronized (this) {
      entry.result = result;
      letOut();
      if (held.isEmpty()) {
        waiting = whenEmpty;
        whenEmpty = null;
      }
    }
    if (waiting != null) {
      waiting.run();
    }
  }

  private void letOut() {
    for (Held next = held.peek(); next != null && next.result != null; next = held.peek()) {
      if (!(next.result instanceof CommitResult.Done) && loss == null) {
        loss = next.result;
      }
      held.remove();
      unsettled.end(next.bytes);
      if (loss == null) {
        settled = next.turn;
        emit(next.release);
      } else {
        questions.discarded(next.release.records());
        emit(next.ifLost.apply(loss));
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

  private void emit(Release release) {
    if (release.records().isEmpty()) {
      return;
    }
    try {
      transport.toGateway(release);
    } catch (RuntimeException | Error e) {
      log.error("what actor {} said could not be handed on", release.actor(), e);
    }
  }

  /** The last turn that was let out and not lost: what it and those before it wrote is stored. */
  public long settled() {
    return settled;
  }

  /**
   * Returns whether nothing is held.
   *
   * @param later run once nothing is held any more, on the thread that let the last release out, if
   *     something is held now
   */
  public synchronized boolean isEmpty(Runnable later) {
    whenEmpty = held.isEmpty() ? null : later;
    return whenEmpty == null;
  }

  /** Whether something is held, without asking to be told. */
  public synchronized boolean isHolding() {
    return !held.isEmpty();
  }

  /** How a commit was lost; null if none was. */
  public @Nullable CommitResult loss() {
    return loss;
  }

  /** The cell has reset itself: turns from here on are heard again. */
  synchronized void reopen() {
    loss = null;
  }
}
