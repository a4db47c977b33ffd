package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;

/**
 * The queue of commits. It gathers commits that arrive together into one write of the engine, and
 * so into one fsync.
 *
 * <p>Commits wait in one queue, in the order in which they arrived. At any time at most one thread,
 * the <em>writer</em>, takes rounds from the head of the queue, writes each round and reports it.
 * So commits take effect, and are reported, in order. {@link Writer} says who the writer is.
 *
 * <p><b>Without fsync</b> a write takes microseconds, which is less than waking another thread
 * takes. So the thread that hands in a commit writes it, with all commits that others hand in
 * meanwhile. After 16 rounds that thread hands over to the thread {@code dormouse-commit}, so that
 * it does not write for others for ever. <b>With fsync</b> the thread {@code dormouse-commit} is
 * always the writer.
 *
 * <p><b>A sink that answers later,</b> such as one that copies rounds to other machines, keeps no
 * thread waiting. While it has a round, commits gather in the queue. The thread that brings the
 * answer reports the round, and takes the next one.
 *
 * <p>A chain may name an executor. The commits of all chains with the same executor are then
 * gathered until a task of that executor hands them in and writes them. An event loop gathers the
 * turns of all messages that it has read in this way. An executor that is held up delays the
 * commits of no other executor.
 *
 * <p><b>Loss.</b> A round that the sink refuses is not kept, and neither is any later commit in the
 * {@linkplain CommitChain chains} of its commits: a turn may have run on what a lost turn had
 * changed, and must not be kept without it. The next rounds are tried as usual.
 *
 * <p><b>Failure.</b> After a write has failed for any reason but a want of space or of file
 * handles, nothing is written any more: nobody knows what the disk holds then, and a repeated fsync
 * may lie. An Error in the writer's own code, such as a want of heap, has the same effect. The
 * commits of that round and all later ones end in {@link CommitResult.Unknown}, so no commit waits
 * for ever.
 *
 * <p>Any thread may call every method.
 */
public final class GroupCommit implements AutoCloseable {
  private static final Logger log = Log.of(GroupCommit.class);

  static final int ROUND_COMMITS_MAX = 1_024;
  static final long ROUND_BYTES_MAX = 4L << 20;
  private static final int CALLER_ROUNDS_MAX = 16;

  /**
   * The engine behind the queue. The writer alone calls it, so one thread at a time, and never
   * before the sink has answered the round before.
   */
  public interface Sink {
    /** The answer of a sink that has kept a round when {@link #write} returns. */
    CompletionStage<CommitResult> KEPT = CompletableFuture.completedStage(CommitResult.DONE);

    /**
     * Returns the reason why a round of so many bytes cannot be written now; null if it can. The
     * writer asks before each write.
     */
    default @Nullable String refusal(long bytes) {
      return null;
    }

    /**
     * Returns the result of a round whose write failed for a cause that will pass, such as a full
     * disk; null if the cause will not pass.
     */
    default @Nullable CommitResult passing(Throwable cause) {
      return isNoSpace(cause) ? new CommitResult.Unknown(cause) : null;
    }

    /**
     * Keeps all the writes or none.
     *
     * @param writes the writes in the order in which they take effect; the sink may keep the list
     * @return the result, which must come some time: {@link #KEPT} if the writes are kept, or a
     *     stage that completes later on any thread. A stage that fails counts as an exception of
     *     this method.
     * @throws Exception if the round is not known to be kept; {@link #passing} tells what that
     *     means for later rounds
     */
    CompletionStage<CommitResult> write(List<StoredWrite> writes) throws Exception;
  }

  /**
   * The thread that may take rounds from the queue.
   *
   * <pre>
   *              commit, queue idle              16 rounds written
   *   NOBODY ───────────────────────► CALLER ───────────────────────► COMMITTER ──► ENDED
   *    ▲  ▲ │                           │                             ▲   │     closed,
   *    │  │ └───────────────────────────│─────────────────────────────┘   │     queue empty
   *    │  │     close, commits waiting  │ queue empty                     │
   *    │  └─────────────────────────────┘                                 │ queue empty
   *    └──────────────────────────────────────────────────────────────────┘ (without fsync)
   * </pre>
   *
   * <p>If the sink answers later, CALLER and COMMITTER become SINK until the answer has come. Then
   * the thread that brings it is the CALLER; with fsync, the COMMITTER goes on.
   */
  enum Writer {
    /** No thread: the queue is empty. */
    NOBODY,
    /** The thread that handed in a commit while there was no writer. */
    CALLER,
    /** The thread {@code dormouse-commit}; with fsync from the start to the end. */
    COMMITTER,
    /** No thread: the sink has a round and has not answered it. */
    SINK,
    /** No thread any more: the store is closed and every commit was reported. */
    ENDED;

    /**
     * Returns whether the writer may change from this one to another.
     *
     * @param isSynced whether each write waits for an fsync
     */
    boolean mayBecome(Writer next, boolean isSynced) {
      if (isSynced) {
        return this == COMMITTER
            ? next == ENDED || next == SINK
            : this == SINK && next == COMMITTER;
      }
      return switch (this) {
        case NOBODY -> next == CALLER || next == COMMITTER || next == ENDED;
        case CALLER -> next == NOBODY || next == COMMITTER || next == SINK;
        case COMMITTER -> next == NOBODY || next == SINK || next == ENDED;
        case SINK -> next == CALLER || next == COMMITTER;
        case ENDED -> false;
      };
    }
  }

  /** A commit that waits for its round. */
  private record Waiting(
      CommitChain chain,
      List<StoredWrite> writes,
      long bytes,
      CompletableFuture<CommitResult> result) {}

  /**
   * The meeting of a writer with the answer of a sink that answers later. Whoever comes second goes
   * on with the queue, so that no thread waits and no call is nested in another.
   */
  private final class Answer implements BiConsumer<@Nullable CommitResult, @Nullable Throwable> {
    private static final Object LEFT = new Object();

    /** The answer, or {@link #LEFT} if the writer left before it; null before both. */
    private final AtomicReference<@Nullable Object> first = new AtomicReference<>();

    /** Takes the sink's answer; any thread may call this. */
    @Override
    public void accept(@Nullable CommitResult result, @Nullable Throwable failure) {
      CommitResult answer;
      if (result != null && failure == null) {
        answer = result;
      } else if (failure instanceof CompletionException wrapped && wrapped.getCause() != null) {
        answer = ofFailure(wrapped.getCause());
      } else {
        answer = ofFailure(failure == null ? new IllegalStateException("no answer came") : failure);
      }
      if (!first.compareAndSet(null, answer)) {
        goOn(answer);
      }
    }

    /** Returns the answer; null if it has not come. */
    @Nullable CommitResult come() {
      return (CommitResult) first.get();
    }

    /** Leaves the queue to the answer. Returns the answer if it came before, or else null. */
    @Nullable CommitResult leave() {
      return first.compareAndSet(null, LEFT) ? null : come();
    }
  }

  private static final CommitResult BUILT_ON_LOST =
      new CommitResult.Refused("a commit that it builds on was lost");

  private final Sink sink;
  private final boolean isSynced;
  private final Consumer<Throwable> onFatal;
  private final Thread committer;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Only the writer uses the fields below, or the thread that brings the sink's answer.

  /** The commits that the writer has taken from the queue. */
  private final List<Waiting> round = new ArrayList<>(ROUND_COMMITS_MAX);

  /** Those of them whose chains were not broken, so that the sink was given them. */
  private final List<Waiting> sound = new ArrayList<>(ROUND_COMMITS_MAX);

  /** True if a commit of the round has a write. */
  private boolean isWriting;

  // The lock guards all fields below.

  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();

  /** The commits that wait for a task of their executor. */
  private final IdentityHashMap<Executor, List<Waiting>> gathered = new IdentityHashMap<>();

  private Writer writer;

  /** The thread that has taken a round and not reported it yet; null if there is no such round. */
  private @Nullable Thread writing;

  /** True once {@link #close} was called: commits are refused. */
  private boolean isClosed;

  /** The first failure, after which nothing is written; null while there is none. */
  private @Nullable Throwable failure;

  private long rounds;
  private long commits;
  private long writes;

  /**
   * Creates an empty queue and starts the thread {@code dormouse-commit}.
   *
   * @param isSynced whether the sink keeps its caller waiting for an fsync, which is worth a thread
   *     of its own
   * @param onFatal called once, after a failure that does not pass: on a thread of its own, or on
   *     the writer if no thread can be started
   */
  public GroupCommit(Sink sink, boolean isSynced, Consumer<Throwable> onFatal) {
    this.sink = sink;
    this.isSynced = isSynced;
    this.onFatal = onFatal;
    this.writer = isSynced ? Writer.COMMITTER : Writer.NOBODY;
    this.committer = new Thread(this::runCommitter, "dormouse-commit");
    committer.setDaemon(true);
    committer.start();
  }

  /**
   * Hands in writes that are kept together or not at all.
   *
   * @param chain the chain of commits that this one builds on
   * @return the result; never completed exceptionally, and perhaps complete already
   * @throws IllegalStateException after {@link #close}
   */
  public CompletionStage<CommitResult> commit(CommitChain chain, List<StoredWrite> toKeep) {
    long bytes = 0;
    for (StoredWrite write : toKeep) {
      bytes += write.bytes();
    }
    CompletableFuture<CommitResult> result = new CompletableFuture<>();
    Waiting waiting = new Waiting(chain, toKeep, bytes, result);
    Executor executor = chain.writer();
    boolean isFirst = false;
    lock.lock();
    try {
      if (isClosed) {
        throw new IllegalStateException("the store is closed");
      }
      List<Waiting> before = executor == null ? null : gathered.get(executor);
      if (before != null) {
        before.add(waiting);
        return result;
      }
      if (executor != null && writer != Writer.COMMITTER) {
        isFirst = true;
        gathered.put(executor, new ArrayList<>(List.of(waiting)));
      } else {
        queue.add(waiting);
      }
    } finally {
      lock.unlock();
    }
    if (executor != null && isFirst) {
      handInSoon(executor);
    } else {
      writeIfNobodyDoes();
    }
    return result;
  }

  private void handInSoon(Executor executor) {
    try {
      executor.execute(() -> handIn(executor));
    } catch (RejectedExecutionException e) {
      handIn(executor);
    } catch (RuntimeException | Error e) {
      // Nobody else would hand in the gathered commits, whatever the executor met.
      handIn(executor);
      throw e;
    }
  }

  private void handIn(Executor executor) {
    lock.lock();
    try {
      List<Waiting> waiting = gathered.remove(executor);
      if (waiting == null) {
        return; // close() has handed them in
      }
      queue.addAll(waiting);
    } finally {
      lock.unlock();
    }
    writeIfNobodyDoes();
  }

  private void writeIfNobodyDoes() {
    lock.lock();
    try {
      if (writer == Writer.COMMITTER) {
        changed.signalAll();
      }
      if (writer != Writer.NOBODY) {
        return;
      }
      become(Writer.CALLER);
    } finally {
      lock.unlock();
    }
    writeAsCaller();
  }

  /** Changes the writer, the only place that does. The lock is held. */
  private void become(Writer next) {
    if (!writer.mayBecome(next, isSynced)) {
      throw new IllegalStateException(
          "the writer of commits cannot change: " + writer + " to " + next);
    }
    writer = next;
  }

  /**
   * Refuses further commits, and waits until all that were handed in are reported. Idempotent.
   *
   * @throws IllegalStateException if the completion of a commit calls it, which would wait for
   *     itself
   */
  @Override
  public void close() {
    boolean isInterrupted = false;
    lock.lock();
    try {
      if (writing == Thread.currentThread()) {
        throw new IllegalStateException("the store cannot be closed by the completion of a commit");
      }
      isClosed = true;
      gathered.values().forEach(queue::addAll);
      gathered.clear();
      if (writer == Writer.NOBODY && !queue.isEmpty()) {
        become(Writer.COMMITTER);
      }
      changed.signalAll();
      while (writer == Writer.CALLER || writer == Writer.SINK) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    while (committer.isAlive()) {
      try {
        committer.join();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns what became of the commits so far, and whether commits wait. */
  public CommitCounts counts() {
    lock.lock();
    try {
      boolean isWaiting =
          writing != null || writer == Writer.SINK || !queue.isEmpty() || !gathered.isEmpty();
      return new CommitCounts(commits, writes, rounds, isWaiting);
    } finally {
      lock.unlock();
    }
  }

  /** Returns the thread that is writing a round; null if no round is being written. */
  public @Nullable Thread writing() {
    lock.lock();
    try {
      return writing;
    } finally {
      lock.unlock();
    }
  }

  private void writeAsCaller() {
    for (int taken = 0; ; taken++) {
      lock.lock();
      try {
        if (queue.isEmpty() || taken == CALLER_ROUNDS_MAX) {
          become(queue.isEmpty() ? Writer.NOBODY : Writer.COMMITTER);
          if (writer == Writer.COMMITTER || isClosed) {
            changed.signalAll();
          }
          return;
        }
        takeRound();
      } finally {
        lock.unlock();
      }
      if (!writeRound()) {
        return;
      }
    }
  }

  private void runCommitter() {
    while (true) {
      lock.lock();
      try {
        while (writer != Writer.COMMITTER || queue.isEmpty()) {
          if (writer == Writer.COMMITTER && !isSynced) {
            become(Writer.NOBODY);
          }
          if (isClosed && writer != Writer.CALLER && writer != Writer.SINK) {
            become(Writer.ENDED);
            return;
          }
          changed.awaitUninterruptibly();
        }
        takeRound();
      } finally {
        lock.unlock();
      }
      boolean unused = writeRound(); // if the sink has the round, this thread waits for its turn
    }
  }

  /**
   * Moves commits from the head of the queue to the round, at least one. The lock is held. The
   * method allocates nothing, so no want of heap can lose a commit between the two.
   */
  private void takeRound() {
    writing = Thread.currentThread();
    long bytes = 0;
    while (round.size() < ROUND_COMMITS_MAX) {
      Waiting next = queue.peek();
      if (next == null || (bytes > 0 && bytes + next.bytes() > ROUND_BYTES_MAX)) {
        break;
      }
      round.add(queue.remove());
      bytes += next.bytes();
    }
  }

  /**
   * Writes the round, and reports it if the sink has answered. The method throws nothing, because
   * every commit must be reported.
   *
   * @return whether the round is reported; if not, the sink has it, and this thread is the writer
   *     no more
   */
  private boolean writeRound() {
    CommitResult result;
    try {
      CompletionStage<CommitResult> answer = handOver();
      result = answer == Sink.KEPT ? CommitResult.DONE : answerOf(answer);
    } catch (Exception | Error e) {
      result = ofFailure(e);
    }
    if (result != null) {
      end(result);
    }
    return result != null;
  }

  /** Hands to the sink the commits of the round whose chains are not broken. */
  private CompletionStage<CommitResult> handOver() throws Exception {
    List<StoredWrite> toKeep = new ArrayList<>();
    long bytes = 0;
    for (Waiting waiting : round) {
      if (!waiting.chain().isBroken()) {
        sound.add(waiting);
        waiting.writes().forEach(toKeep::add); // without a copy
        bytes += waiting.bytes();
      }
    }
    isWriting = !toKeep.isEmpty();
    Throwable broken;
    lock.lock();
    try {
      broken = failure;
    } finally {
      lock.unlock();
    }
    if (broken != null) {
      return CompletableFuture.completedStage(new CommitResult.Unknown(broken));
    }
    String refusal = isWriting ? sink.refusal(bytes) : null;
    if (refusal != null) {
      return CompletableFuture.completedStage(new CommitResult.Refused(refusal));
    }
    return isWriting ? sink.write(toKeep) : Sink.KEPT;
  }

  /**
   * Returns the answer of a sink that answers later, if the answer has come; null if it has not.
   * The thread that brings the answer then goes on.
   */
  private @Nullable CommitResult answerOf(CompletionStage<CommitResult> later) {
    Answer answer = new Answer();
    later.whenComplete(answer);
    CommitResult result = answer.come();
    if (result != null) {
      return result;
    }
    Writer before;
    lock.lock();
    try {
      before = writer;
      become(Writer.SINK);
      writing = null;
    } finally {
      lock.unlock();
    }
    result = answer.leave();
    if (result != null) {
      lock.lock();
      try {
        become(before);
        writing = Thread.currentThread();
      } finally {
        lock.unlock();
      }
    }
    return result;
  }

  /** Goes on with the answer of the sink, after the writer before has left. */
  private void goOn(CommitResult answer) {
    lock.lock();
    try {
      writing = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    end(answer);
    lock.lock();
    try {
      become(isSynced ? Writer.COMMITTER : Writer.CALLER);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (!isSynced) {
      writeAsCaller();
    }
  }

  /** Returns the result of a round that the sink did not keep, for all that is known. */
  private CommitResult ofFailure(Throwable cause) {
    Throwable failed = cause;
    try {
      CommitResult passing = sink.passing(cause);
      if (passing != null) {
        return passing;
      }
    } catch (RuntimeException | Error e) {
      failed = e;
    }
    fail(failed);
    return new CommitResult.Unknown(failed);
  }

  /** Counts and reports the round. */
  private void end(CommitResult result) {
    lock.lock();
    try {
      if (result instanceof CommitResult.Done) {
        commits += sound.size();
        writes += isWriting ? 1 : 0;
      }
    } finally {
      lock.unlock();
    }
    try {
      report(result);
    } catch (RuntimeException | Error e) {
      fail(e);
      report(new CommitResult.Unknown(e));
    } finally {
      round.clear();
      sound.clear();
      lock.lock();
      try {
        writing = null;
        rounds++;
      } finally {
        lock.unlock();
      }
    }
  }

  /** Completes the commits of the round; those that the sink was not given count as lost. */
  @SuppressWarnings("ReferenceEquality") // the same commit, not an equal one
  private void report(CommitResult result) {
    boolean isDone = result instanceof CommitResult.Done;
    CommitResult ofBroken = isDone ? BUILT_ON_LOST : result;
    int given = 0;
    for (int i = 0; i < round.size(); i++) {
      Waiting waiting = round.get(i);
      boolean isGiven = given < sound.size() && sound.get(given) == waiting;
      given += isGiven ? 1 : 0;
      if (!isDone) {
        waiting.chain().breakOff();
      }
      waiting.result().complete(isGiven ? result : ofBroken);
    }
  }

  private void fail(Throwable cause) {
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = cause;
    } finally {
      lock.unlock();
    }
    tell(cause);
    try {
      log.error(
          "a write to the store failed, so nothing is stored any more: what the disk holds is"
              + " uncertain until the process is started again",
          cause);
    } catch (RuntimeException | Error e) {
      cause.addSuppressed(e); // the round must be reported all the same
    }
  }

  private void tell(Throwable cause) {
    try {
      // A thread of its own, because the callback may wait for close(), which waits for the writer.
      Thread teller = new Thread(() -> onFatal.accept(cause), "dormouse-fatal");
      teller.setDaemon(true);
      teller.start();
    } catch (OutOfMemoryError noThread) {
      onFatal.accept(cause);
    }
  }

  /** Returns whether a write failed for a want of space on the disk, and for nothing worse. */
  static boolean isNoSpace(Throwable cause) {
    return cause instanceof RocksDBException failed
        && failed.getStatus() != null
        && failed.getStatus().getSubCode() == Status.SubCode.NoSpace;
  }
}
