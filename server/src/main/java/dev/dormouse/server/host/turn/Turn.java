package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.TurnStateException;
import dev.dormouse.sdk.TurnStateException.Why;
import dev.dormouse.server.host.call.Told;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.TurnBatch.Clear;
import dev.dormouse.storage.rows.OutboxRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The handling of one event: a turn collects what the handler writes and sends, and decides which
 * thread may end the turn.
 *
 * <p>Exactly one caller wins the right to end a turn, and with it the right to run the cell: the
 * handler's thread when the handler returns, the thread on which the last awaited stage completes,
 * or the clock's thread when it finds the turn overdue. A caller that loses must not touch the cell
 * again. The turn's monitor guards {@code state}, {@code awaited}, {@code failure}, {@code asked},
 * {@code countedBytes}, {@code copiedBytes} and {@code isLong}; the activation's monitor guards the
 * other fields.
 */
public final class Turn {
  /** The life of a turn. */
  enum State {
    /** The handler runs. */
    RUNNING,
    /** The handler has returned; stages that the turn waits for have not completed. */
    AWAITING,
    /** A thread ends the turn, or has ended it. */
    ENDED,
    /** The turn was given up, most often since it took too long; its handler has no effect. */
    ABANDONED;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if the next state may not follow this one
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

  /** The most actions that wait for the commit of one turn. */
  public static final int AFTER_COMMIT_MAX = 1_024;

  private static final long NOT_COUNTED = -1;

  /** The memory that a record or a row takes besides its own bytes, roughly, in bytes. */
  static final int OVERHEAD_BYTES = 64;

  private final long number;
  private final Event work;
  private final long startedNs;
  private final Thread thread;
  private final Consumer<Turn> onLastStage;
  private final UnsettledTurns unsettled;
  private final int bytesMax;

  private final NavigableMap<RowKey, Optional<byte[]>> writes = new TreeMap<>();
  private final List<Clear> clears = new ArrayList<>();
  private final List<ToGateway> outbox = new ArrayList<>(4);

  /** The bytes that the turn has sent and written so far, {@code reservedBytes} included. */
  private int bytes;

  /** The bytes of attachments that the end of the turn will write. */
  private int reservedBytes;

  /** The heap that {@code bytes} take, in bytes. */
  private long heapBytes;

  /** The bytes that {@code unsettled} counts; negative once the turn is not counted any more. */
  private long countedBytes;

  /** The bytes of the handler's own copy of the event that {@code unsettled} counts. */
  private long copiedBytes;

  /** True once the turn counts among the long ones. */
  private boolean isLong;

  private int deletedRanges;

  /** The answer to the upgrade or the request that the turn is about; null before it is given. */
  private @Nullable ToGateway answer;

  /** The actions to run once the turn is committed. */
  private List<Runnable> afterCommit = List.of();

  /** The calls that the turn tells other actors. */
  private List<Told> told = List.of();

  private long toldBytes;

  /** The encoded answer to the call that the turn is about; null before it is given. */
  private byte @Nullable [] callAnswer;

  /** The text for the sender of the turn's message if the turn is discarded; null for none. */
  private volatile @Nullable String reply;

  /** The code with which the turn's message was refused; null if it was not refused. */
  private volatile @Nullable String refusalCode;

  private State state = State.RUNNING;
  private int awaited;
  private @Nullable Throwable failure;

  /** The messages whose outcome the actor has asked for. */
  private List<ToGateway.Send> asked = List.of();

  /**
   * Creates a turn whose handler runs on the calling thread.
   *
   * @param bytesMax the most bytes that the turn may send and store
   * @param onLastStage called when the turn must end and its handler has returned before, on the
   *     thread that completed the last stage or has reset the actor
   */
  public Turn(
      long number,
      Event work,
      long startedNs,
      UnsettledTurns unsettled,
      int bytesMax,
      Consumer<Turn> onLastStage) {
    this.number = number;
    this.work = work;
    this.startedNs = startedNs;
    this.thread = Thread.currentThread();
    this.unsettled = unsettled;
    this.bytesMax = bytesMax;
    this.onLastStage = onLastStage;
  }

  /** Returns the turn's number in its cell, from 1. */
  public long number() {
    return number;
  }

  /** Returns the event that the turn handles. */
  public Event work() {
    return work;
  }

  /** Returns when the turn began, by the clock that never jumps. */
  public long startedNs() {
    return startedNs;
  }

  /** Returns the turn's writes, which the caller may add to; empty for a removed row. */
  public NavigableMap<RowKey, Optional<byte[]>> writes() {
    return writes;
  }

  /** Returns the ranges of rows that are removed before the writes take effect. */
  public List<Clear> clears() {
    return clears;
  }

  /**
   * Counts a range of keys that the turn deletes.
   *
   * @throws LimitExceededException if the turn has deleted the most ranges that it may
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
   * Adds a record to those that are sent once the turn is committed.
   *
   * @return the place of the record in the outbox
   * @throws LimitExceededException if the turn would send and write too much
   */
  int say(ToGateway record) {
    charge(record.bytes() + OVERHEAD_BYTES);
    outbox.add(record);
    return outbox.size() - 1;
  }

  /** Adds the answer to the upgrade or the request that the turn is about. */
  public void answer(ToGateway record) {
    say(record);
    answer = record;
  }

  /** Returns whether the upgrade or the request that the turn is about has its answer. */
  public boolean isAnswered() {
    return answer != null;
  }

  /**
   * Returns the answer to the upgrade or the request that the turn is about; null if none is given.
   */
  @Nullable ToGateway answer() {
    return answer;
  }

  /** Adds the encoded answer to the call that the turn is about. */
  void answerCall(byte[] answer) {
    charge(answer.length + (long) OVERHEAD_BYTES);
    callAnswer = answer;
  }

  /** Returns the encoded answer to the call that the turn is about; null if none is given. */
  public byte @Nullable [] callAnswer() {
    return callAnswer;
  }

  /**
   * Adds an action to run once the turn is committed.
   *
   * @throws LimitExceededException if the turn has {@value #AFTER_COMMIT_MAX} actions
   */
  void afterCommit(Runnable action) {
    if (afterCommit.size() == AFTER_COMMIT_MAX) {
      throw new LimitExceededException(
          "the number of actions after the commit of one turn",
          AFTER_COMMIT_MAX + 1,
          AFTER_COMMIT_MAX);
    }
    if (afterCommit.isEmpty()) {
      afterCommit = new ArrayList<>(1); // most turns have none
    }
    afterCommit.add(action);
  }

  /**
   * Adds a call to another actor to what the turn stores.
   *
   * @throws LimitExceededException if the turn would send and write too much
   */
  void tell(Told call) {
    byte[] row = new OutboxRow(call.target(), call.name(), call.call()).encode();
    charge(row.length + (long) OVERHEAD_BYTES);
    writes.put(RowKey.outbox(call.id().epoch(), call.id().number()), Optional.of(row));
    if (told.isEmpty()) {
      told = new ArrayList<>(1); // most turns tell nothing
    }
    told.add(call);
    toldBytes += call.call().length;
  }

  /** Returns the calls that the turn tells other actors. */
  public List<Told> told() {
    return told;
  }

  /** Returns the bytes of the calls that the turn tells. */
  long toldBytes() {
    return toldBytes;
  }

  /** Returns the actions to run once the turn is committed. */
  public List<Runnable> afterCommit() {
    return afterCommit;
  }

  /** Sets what the sender of the turn's message is sent if the turn is discarded. */
  void replyIfDiscarded(String text) {
    reply = text;
  }

  /** Returns what the sender of the turn's message is sent if the turn is discarded, or null. */
  public @Nullable String replyIfDiscarded() {
    return reply;
  }

  /** Notes that the turn's message was refused. */
  void refused(String code) {
    refusalCode = code;
  }

  /** Returns the code with which the turn's message was refused; null if it was not. */
  public @Nullable String refusalCode() {
    return refusalCode;
  }

  /** Adds the last records, which the turn's limit does not count; returns all records. */
  public List<ToGateway> sayLast(List<ToGateway> verdict) {
    outbox.addAll(verdict);
    return outbox;
  }

  /**
   * Asks the gateway to report what becomes of a message.
   *
   * @param place the place of the message in the outbox
   * @param question registers the question about a message to a connection and returns the number
   *     to report under; not called if the turn is over
   */
  synchronized void report(int place, ToLongFunction<ConnectionId> question) {
    check();
    if (outbox.get(place) instanceof ToGateway.Send send) {
      ToGateway.Send reported =
          new ToGateway.Send(
              send.connection(),
              send.payload(),
              send.key(),
              question.applyAsLong(send.connection()));
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
   * Counts bytes that the turn is about to send or write.
   *
   * @throws LimitExceededException if they would be more in all than a turn may send and store, or
   *     if the turn is long and all long turns together would hold too much
   */
  void charge(long more) {
    long all = bytes + more;
    if (all > bytesMax) {
      throw new LimitExceededException("what one turn sends and stores", all, bytesMax, "bytes");
    }
    long heap = heapBytes + HeapCost.ofBytes(more);
    count(UnsettledTurns.COPIES * heap);
    bytes = (int) all;
    heapBytes = heap;
  }

  private synchronized void count(long now) {
    long more = now - countedBytes;
    if (countedBytes < 0 || more < UnsettledTurns.COUNTED_BYTES) {
      return;
    }
    if (!isLong) {
      unsettled.take(more);
    } else if (!unsettled.takeLong(countedBytes, more)) {
      long max = unsettled.longBytesMax();
      throw new LimitExceededException(
          "the memory of turns that last longer than a second",
          max + 1,
          max,
          "bytes",
          "turns that last longer than a second hold too much memory for their messages and writes;"
              + " the limit is "
              + max
              + " bytes for all of them");
    }
    countedBytes = now;
  }

  /**
   * Counts the handler's own copy of the event, until the turn is over or long. The copies of long
   * turns are bounded by what clients may hold, because an event is charged until it is handled.
   */
  synchronized void countCopy(long copied) {
    if (copied >= UnsettledTurns.COUNTED_BYTES && countedBytes >= 0 && !isLong) {
      unsettled.take(copied);
      copiedBytes += copied;
    }
  }

  private void endCopies() {
    unsettled.giveBack(copiedBytes);
    copiedBytes = 0;
  }

  /**
   * Counts the turn among the long ones, if it does not count there yet.
   *
   * @return whether long turns hold no more than they may, so that the turn may go on
   */
  public synchronized boolean becomeLong() {
    if (isLong || countedBytes < 0) {
      return true;
    }
    isLong = true;
    endCopies();
    return unsettled.becomeLong(countedBytes);
  }

  /** Ceases to count the turn's bytes, because the turn is over. */
  public synchronized void endCount() {
    endCopies();
    if (countedBytes > 0 && isLong) {
      unsettled.endLong(countedBytes);
    } else {
      unsettled.giveBack(countedBytes);
    }
    countedBytes = NOT_COUNTED;
  }

  /**
   * Reserves the bytes of an attachment that the end of the turn will write, so that a handler that
   * attaches too much gets the exception from its own call.
   *
   * @throws LimitExceededException as {@link #charge} says
   */
  void reserve(byte @Nullable [] attached) {
    int more = OVERHEAD_BYTES + (attached == null ? 0 : attached.length);
    charge(more);
    reservedBytes += more;
  }

  /** Gives the reserved bytes back at the end of the turn, where the written rows are charged. */
  void endReserve() {
    bytes -= reservedBytes;
    heapBytes -= reservedBytes;
    reservedBytes = 0;
  }

  /** Estimates the heap that the turn's writes and records take, in bytes. */
  public long heapBytes() {
    return heapBytes;
  }

  /**
   * Checks that the caller belongs to this turn and that the turn is not over.
   *
   * @throws TurnStateException if the turn is over, or the calling thread is neither the handler's
   *     nor one of a stage that the turn waits for
   */
  synchronized void check() {
    if (state == State.ABANDONED) {
      throw new TurnStateException(
          Why.ABANDONED, "this turn took too long and was abandoned; its actor was reset");
    }
    if (state == State.ENDED && failure instanceof ResetException) {
      throw new TurnStateException(
          Why.ABANDONED,
          "this turn has reset its actor and was discarded: " + failure.getMessage());
    }
    if (state == State.ENDED) {
      throw new TurnStateException(Why.OVER, "this turn is over; use waitFor to keep a turn open");
    }
    if (awaited == 0 && Thread.currentThread() != thread) {
      throw new TurnStateException(
          Why.ON_OTHER_THREAD,
          "a turn is open on another thread; use waitFor for work that belongs to it");
    }
  }

  /**
   * Discards the turn and has its actor reset, whatever the handler does afterwards.
   *
   * @return what the handler is to throw, so that it goes no further
   * @throws TurnStateException if the turn is over already
   */
  ResetException reset(String why) {
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
    return reset;
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
   * Notes that the handler has returned or thrown. The thread's interrupt flag, which the handler
   * or {@link #abandon} may have set, is cleared, so that it does not reach the thread's next work.
   *
   * @param thrown what the handler has thrown; null if it has returned
   * @return whether the caller must end the turn
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
   * @return whether the caller must end the turn; false if another thread ends it already
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

  /** Returns whether the turn was given up before it had ended. */
  public synchronized boolean isAbandoned() {
    return state == State.ABANDONED;
  }

  /** Returns whether the handler has returned and the turn waits for stages. */
  public synchronized boolean isAwaiting() {
    return state == State.AWAITING;
  }

  /** Returns why the turn failed; null if it did not. */
  public synchronized @Nullable Throwable failure() {
    return failure;
  }
}
