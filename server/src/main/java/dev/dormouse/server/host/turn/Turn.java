package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.TurnBatch.Clear;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One event being handled: what it wrote, what it wants to say, and who may end it.
 *
 * <p>Exactly one caller wins the right to end a turn, and with it the right to run the cell: the
 * thread of the handler when it returns, the thread on which the last awaited stage completes, or
 * the clock that finds it overdue. Whoever loses must not touch the cell again. The turn's monitor
 * guards {@code state}, {@code awaited}, {@code failure} and what is counted; the rest belongs to
 * the activation's monitor.
 */
public final class Turn {
  enum State {
    /** The handler runs. */
    RUNNING,
    /** The handler has returned; awaited stages have not. */
    AWAITING,
    /** Somebody ends it, or has. */
    ENDED,
    /** It took too long: what it does goes nowhere. */
    ABANDONED;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if it may not follow this one
     */
    State to(State next) {
      boolean isLegal =
          switch (this) {
            case RUNNING -> next != RUNNING;
            case AWAITING -> next == ENDED || next == ABANDONED;
            case ENDED, ABANDONED -> false;
          };
      if (!isLegal) {
        throw new IllegalStateException("a turn cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  /** The most that one turn may send and store, in bytes. */
  public static final long BYTES_MAX = 64L << 20;

  private static final long NOT_COUNTED = -1;

  /** What a record or a row costs besides its bytes. */
  static final int OVERHEAD_BYTES = 64;

  private final long number;
  private final Event work;
  private final long startedNs;
  private final Thread thread;
  private final Consumer<Turn> onLastStage;
  private final UnsettledTurns unsettled;

  private final NavigableMap<RowKey, Optional<byte[]>> writes = new TreeMap<>();
  private final List<Clear> clears = new ArrayList<>();
  private final List<ToGateway> outbox = new ArrayList<>(4);

  /** What it says and writes so far, {@code reservedBytes} included. */
  private int bytes;

  /** What attachments will take that are written at its end. */
  private int reservedBytes;

  /** How much heap that takes. */
  private long heapBytes;

  /** How much of it is counted with what other turns take; negative once it is not any more. */
  private long countedBytes;

  private int deletedRanges;

  /** Whether the upgrade or the request that the turn is about has its answer. */
  private boolean isAnswered;

  private State state = State.RUNNING;
  private int awaited;
  private @Nullable Throwable failure;

  /** The messages whose outcome was asked for. Guarded as {@code state} is. */
  private List<ToGateway.Send> asked = List.of();

  /** Begins on the calling thread. */
  public Turn(
      long number,
      Event work,
      long startedNs,
      UnsettledTurns unsettled,
      Consumer<Turn> onLastStage) {
    this.number = number;
    this.work = work;
    this.startedNs = startedNs;
    this.thread = Thread.currentThread();
    this.unsettled = unsettled;
    this.onLastStage = onLastStage;
  }

  public long number() {
    return number;
  }

  public Event work() {
    return work;
  }

  public long startedNs() {
    return startedNs;
  }

  public NavigableMap<RowKey, Optional<byte[]>> writes() {
    return writes;
  }

  /** Returns what is removed before the writes take effect. */
  public List<Clear> clears() {
    return clears;
  }

  /**
   * Counts a range that it deletes.
   *
   * @throws LimitExceededException if it has deleted too many
   */
  void countDeletedRange() {
    if (deletedRanges == Storage.DELETED_RANGES_MAX) {
      throw new LimitExceededException(
          "the number of ranges that one turn deletes",
          Storage.DELETED_RANGES_MAX + 1,
          Storage.DELETED_RANGES_MAX);
    }
    deletedRanges++;
  }

  /** Returns whether the turn changes anything that is stored. */
  public boolean isWriting() {
    return !writes.isEmpty() || !clears.isEmpty();
  }

  /** Returns an unmodifiable view of what the turn has said so far. */
  List<ToGateway> outbox() {
    return Collections.unmodifiableList(outbox);
  }

  /**
   * Says something once the turn is committed.
   *
   * @return how many records were said before
   * @throws LimitExceededException if the turn says and writes too much with it
   */
  int say(ToGateway record) {
    charge(record.bytes() + OVERHEAD_BYTES);
    outbox.add(record);
    return outbox.size() - 1;
  }

  /** Says the answer to the upgrade or the request that the turn is about, once it is committed. */
  public void answer(ToGateway record) {
    say(record);
    isAnswered = true;
  }

  /** Returns whether the upgrade or the request that the turn is about has its answer. */
  public boolean isAnswered() {
    return isAnswered;
  }

  /** Ends what the turn says with the answer, which is no part of its limit; returns all of it. */
  public List<ToGateway> sayLast(List<ToGateway> verdict) {
    outbox.addAll(verdict);
    return outbox;
  }

  /**
   * Has the gateway report what becomes of a message, under a number.
   *
   * @param place where the message is in the outbox
   * @param question asks, and returns the number to report under; not called if the turn is over
   */
  synchronized void report(int place, LongSupplier question) {
    check();
    if (outbox.get(place) instanceof ToGateway.Send send) {
      ToGateway.Send reported =
          new ToGateway.Send(send.connection(), send.payload(), send.key(), question.getAsLong());
      outbox.set(place, reported);
      if (asked.isEmpty()) {
        asked = new ArrayList<>(1);
      }
      asked.add(reported);
    }
  }

  /** Returns the messages whose outcome was asked for. */
  public synchronized List<ToGateway.Send> asked() {
    return List.copyOf(asked);
  }

  /** Returns whether the calling thread runs the turn's handler. */
  synchronized boolean isHandledHere() {
    return state == State.RUNNING && Thread.currentThread() == thread;
  }

  /**
   * Adds to what it says or writes, before that is done.
   *
   * @throws LimitExceededException if it would be more than {@value #BYTES_MAX} bytes in all
   */
  void charge(long more) {
    long all = bytes + more;
    if (all > BYTES_MAX) {
      throw new LimitExceededException("what one turn sends and stores", all, BYTES_MAX, "bytes");
    }
    bytes = (int) all;
    heapBytes += HeapCost.ofBytes(more);
    if (heapBytes - countedBytes >= UnsettledTurns.COUNTED_BYTES) {
      count();
    }
  }

  private synchronized void count() {
    if (countedBytes >= 0) {
      unsettled.take(heapBytes - countedBytes);
      countedBytes = heapBytes;
    }
  }

  /** What it takes is not counted from here on: it is over, or takes too long. */
  public synchronized void endCount() {
    unsettled.giveBack(countedBytes);
    countedBytes = NOT_COUNTED;
  }

  /**
   * Counts what was just attached, which is written at the end: whoever attaches too much is to be
   * told so in the call.
   *
   * @throws LimitExceededException as {@link #charge} says
   */
  void reserve(byte @Nullable [] attached) {
    int more = OVERHEAD_BYTES + (attached == null ? 0 : attached.length);
    charge(more);
    reservedBytes += more;
  }

  /** The end has come: what is written will be charged, instead of what was reserved. */
  void endReserve() {
    bytes -= reservedBytes;
    heapBytes -= reservedBytes;
    reservedBytes = 0;
  }

  /** How much heap it takes so far, in bytes, about. */
  public long heapBytes() {
    return heapBytes;
  }

  /**
   * Lets a handler, or a callback of what it waits for, go on.
   *
   * @throws IllegalStateException if the turn is over, or the caller is not part of it
   */
  synchronized void check() {
    if (state == State.ABANDONED) {
      throw new IllegalStateException(
          "this turn took too long and was abandoned; its actor was reset");
    }
    if (state == State.ENDED) {
      throw new IllegalStateException("this turn is over; use waitFor to keep a turn open");
    }
    if (awaited == 0 && Thread.currentThread() != thread) {
      throw new IllegalStateException(
          "a turn is open on another thread; use waitFor for work that belongs to it");
    }
  }

  /**
   * Discards the turn and has its actor reset: whoever called goes no further, and what else would
   * be done in the turn goes nowhere.
   */
  void reset(String why) {
    ResetException reset = new ResetException(why);
    boolean isMine;
    synchronized (this) {
      check();
      failure = reset;
      isMine = state == State.AWAITING;
      if (isMine) {
        state = state.to(State.ENDED);
      }
    }
    if (isMine) {
      onLastStage.accept(this);
    }
    throw reset;
  }

  synchronized void await(CompletionStage<?> stage) {
    check();
    awaited++;
    stage.whenComplete((result, error) -> stageCompleted(error));
  }

  private void stageCompleted(@Nullable Throwable error) {
    boolean isMine;
    synchronized (this) {
      awaited--;
      if (error != null && failure == null) {
        failure = error;
      }
      isMine = state == State.AWAITING && (awaited == 0 || failure != null);
      if (isMine) {
        state = state.to(State.ENDED);
      }
    }
    if (isMine) {
      onLastStage.accept(this);
    }
  }

  /**
   * The handler has returned or thrown. An interrupt, its own or that of {@link #abandon}, is not
   * to reach what the thread does next.
   *
   * @return whether the caller is to end the turn
   */
  public synchronized boolean returned(@Nullable Throwable thrown) {
    Thread.interrupted();
    if (state != State.RUNNING) {
      return false;
    }
    if (thrown != null && failure == null) {
      failure = thrown;
    }
    boolean isOver = awaited == 0 || failure != null;
    state = state.to(isOver ? State.ENDED : State.AWAITING);
    return isOver;
  }

  /**
   * Gives the turn up, and interrupts its handler.
   *
   * @return whether the caller is to end it; false if somebody else does already
   */
  public synchronized boolean abandon(String why) {
    if (state == State.ENDED || state == State.ABANDONED) {
      return false;
    }
    if (state == State.RUNNING) {
      thread.interrupt();
    }
    state = state.to(State.ABANDONED);
    failure = new IllegalStateException(why);
    return true;
  }

  public synchronized boolean isAbandoned() {
    return state == State.ABANDONED;
  }

  public synchronized boolean isAwaiting() {
    return state == State.AWAITING;
  }

  /** Returns why the turn failed; null if it did not. */
  public synchronized @Nullable Throwable failure() {
    return failure;
  }
}
