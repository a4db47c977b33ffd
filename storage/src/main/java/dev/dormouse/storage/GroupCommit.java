package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;

/**
 * Gathers the commits that come together into one write of the engine, and so into one fsync.
 *
 * <p>Commits wait in one queue, in the order in which they came. At any time at most one thread,
 * the <em>writer</em>, takes rounds from its head, writes each and reports it; so commits take
 * effect and are reported in order. Who that thread is:
 *
 * <pre>
 *              commit, queue idle              so many rounds
 *   NOBODY ───────────────────────► CALLER ───────────────────► COMMITTER
 *     ▲  ▲                            │  queue empty                │  queue empty
 *     │  └────────────────────────────┘                             │  (not if every
 *     └─────────────────────────────────────────────────────────────┘   write is synced)
 * </pre>
 *
 * <p>A write without fsync takes microseconds, less than waking another thread would: the caller
 * writes, and what others hand in meanwhile; it is let go after some rounds, lest it write for
 * others for ever. With fsync the thread {@code dormouse-commit} is always the writer.
 *
 * <p>If a chain names an executor, what comes of it and of others with the same one is gathered
 * until a task there hands it in, and is the caller: an event loop gathers the turns of all that it
 * has read. Whatever holds that task up holds up the commits of no other executor.
 *
 * <p>A round for which there is no room ends without being kept, and so does whatever comes later
 * in the {@linkplain CommitChain chains} of its commits: a turn may have been run on what a lost
 * one had changed, and must not be kept without it. Other rounds are tried as they come.
 *
 * <p>After a write has failed for want of anything but space or handles nothing is written any
 * more: what the disk holds is not known then, and an fsync that is repeated may lie. The same
 * holds after an Error in the writer's own code, such as want of heap. The commits of that round,
 * and all later ones, end in {@link CommitResult.Unknown}: none waits for ever.
 */
final class GroupCommit {
  private static final Logger log = Log.of(GroupCommit.class);

  static final int ROUND_COMMITS_MAX = 1_024;
  static final long ROUND_BYTES_MAX = 4L << 20;
  private static final int CALLER_ROUNDS_MAX = 16;

  /** Where rounds go. */
  interface Sink {
    /**
     * Why a round of so many bytes cannot be taken; null if it can. Before each write, on its
     * thread.
     */
    default @Nullable String refusal(long bytes) {
      return null;
    }

    /**
     * What became of a round whose write failed for want of something that will be there again;
     * null if it failed for anything else.
     */
    default @Nullable CommitResult passing(Throwable cause) {
      return EngineWriter.isNoSpace(cause) ? new CommitResult.Unknown(cause) : null;
    }

    /** Keeps all the writes, or throws. Called by one thread at a time. */
    void write(List<StoredWrite> writes) throws RocksDBException;
  }

  private enum Writer {
    NOBODY,
    CALLER,
    COMMITTER
  }

  private record Waiting(
      CommitChain chain,
      List<StoredWrite> writes,
      long bytes,
      CompletableFuture<CommitResult> result) {}

  private static final CommitResult BUILT_ON_LOST =
      new CommitResult.Refused("a commit that it builds on was lost");

  private final Sink sink;
  private final boolean isSynced;
  private final Consumer<Throwable> onFatal;
  private final Thread committer;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** The commits that the writer has at hand; the writer's only. */
  private final List<Waiting> round = new ArrayList<>(ROUND_COMMITS_MAX);

  // All below are guarded by the lock.
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private final IdentityHashMap<Executor, List<Waiting>> gathered = new IdentityHashMap<>();
  private Writer writer;
  private @Nullable Thread writing; // who is in a round, until it is reported
  private boolean isClosed;
  private @Nullable Throwable failure; // the first, after which nothing is written
  private long rounds;
  private long commits;
  private long writes;

  /**
   * Begins with an empty queue.
   *
   * @param isSynced whether a write takes so long that a thread of its own is worth it
   * @param onFatal called once if a write fails for want of anything but space, or the writer meets
   *     an Error: on a thread of its own, or on the writer's if there can be none
   */
  GroupCommit(Sink sink, boolean isSynced, Consumer<Throwable> onFatal) {
    this.sink = sink;
    this.isSynced = isSynced;
    this.onFatal = onFatal;
    this.writer = isSynced ? Writer.COMMITTER : Writer.NOBODY;
    this.committer = new Thread(this::runCommitter, "dormouse-commit");
    committer.setDaemon(true);
    committer.start();
  }

  /**
   * Hands in what must be kept together.
   *
   * @param chain what was handed in before that this builds on
   * @throws IllegalStateException after {@link #close}
   */
  CompletionStage<CommitResult> commit(CommitChain chain, List<StoredWrite> toKeep) {
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
      // Whatever the executor met, nobody else would hand in what is gathered.
      handIn(executor);
      throw e;
    }
  }

  private void handIn(Executor executor) {
    lock.lock();
    try {
      List<Waiting> waiting = gathered.remove(executor);
      if (waiting == null) {
        return; // the store is closed, and has seen to them
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
      writer = Writer.CALLER;
    } finally {
      lock.unlock();
    }
    writeAsCaller();
  }

  /** Waits for what was handed in. Not to be called by a completion: it would wait for itself. */
  void close() {
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
        writer = Writer.COMMITTER;
      }
      changed.signalAll();
      while (writer == Writer.CALLER) {
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

  /** What was done so far, and whether something is left to do. */
  CommitCounts counts() {
    lock.lock();
    try {
      boolean isWaiting = writing != null || !queue.isEmpty() || !gathered.isEmpty();
      return new CommitCounts(commits, writes, rounds, isWaiting);
    } finally {
      lock.unlock();
    }
  }

  /** The thread that has a round under way; null if none has. */
  @Nullable Thread writing() {
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
          writer = queue.isEmpty() ? Writer.NOBODY : Writer.COMMITTER;
          if (writer == Writer.COMMITTER || isClosed) {
            changed.signalAll();
          }
          return;
        }
        takeRound();
      } finally {
        lock.unlock();
      }
      writeRound();
    }
  }

  private void runCommitter() {
    while (true) {
      lock.lock();
      try {
        while (writer != Writer.COMMITTER || queue.isEmpty()) {
          if (writer == Writer.COMMITTER && !isSynced) {
            writer = Writer.NOBODY;
          }
          if (isClosed && writer != Writer.CALLER) {
            return;
          }
          changed.awaitUninterruptibly();
        }
        takeRound();
      } finally {
        lock.unlock();
      }
      writeRound();
    }
  }

  /**
   * Takes commits from the head of the queue, at least one. Called with the lock. It allocates
   * nothing: what it has taken off the queue is in the round, whatever happens.
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

  /** Writes and reports the round. It throws nothing: somebody waits for each commit of it. */
  private void writeRound() {
    try {
      report(resultOf(sound()));
    } catch (RuntimeException | Error e) {
      fail(e);
      report(new CommitResult.Unknown(e));
    } finally {
      round.clear();
      lock.lock();
      try {
        writing = null;
        rounds++;
      } finally {
        lock.unlock();
      }
    }
  }

  private List<Waiting> sound() {
    List<Waiting> sound = new ArrayList<>(round.size());
    for (Waiting waiting : round) {
      if (!waiting.chain().isBroken()) {
        sound.add(waiting);
      }
    }
    return sound;
  }

  /** Tells those who wait for the round, but who was told already. */
  private void report(CommitResult result) {
    boolean isDone = result instanceof CommitResult.Done;
    CommitResult ofBroken = isDone ? BUILT_ON_LOST : result;
    for (int i = 0; i < round.size(); i++) {
      Waiting waiting = round.get(i);
      if (!isDone) {
        waiting.chain().breakOff();
      }
      waiting.result().complete(waiting.chain().isBroken() ? ofBroken : result);
    }
  }

  private CommitResult resultOf(List<Waiting> sound) {
    List<StoredWrite> toKeep = new ArrayList<>();
    long bytes = 0;
    for (Waiting waiting : sound) {
      waiting.writes().forEach(toKeep::add);
      bytes += waiting.bytes();
    }
    Throwable broken;
    lock.lock();
    try {
      broken = failure;
    } finally {
      lock.unlock();
    }
    CommitResult result = CommitResult.DONE;
    if (broken != null) {
      result = new CommitResult.Unknown(broken);
    } else if (!toKeep.isEmpty()) {
      result = written(toKeep, bytes);
    }
    lock.lock();
    try {
      if (result instanceof CommitResult.Done) {
        commits += sound.size();
        writes += toKeep.isEmpty() ? 0 : 1;
      }
    } finally {
      lock.unlock();
    }
    return result;
  }

  private CommitResult written(List<StoredWrite> toKeep, long bytes) {
    try {
      String refusal = sink.refusal(bytes);
      if (refusal != null) {
        return new CommitResult.Refused(refusal);
      }
      sink.write(toKeep);
      return CommitResult.DONE;
    } catch (RocksDBException | RuntimeException | Error e) {
      CommitResult passing = sink.passing(e);
      if (passing == null) {
        fail(e);
        return new CommitResult.Unknown(e);
      }
      if (passing instanceof CommitResult.Unknown) {
        log.error("the disk is full; what was just written is lost, or kept", e);
      }
      return passing;
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
      log.error("a write failed; what the disk holds is uncertain", cause);
    } catch (RuntimeException | Error e) {
      cause.addSuppressed(e); // those who wait for the round are to be told all the same
    }
  }

  private void tell(Throwable cause) {
    try {
      // On a thread of its own: whoever ends the process may wait for close(), which waits for us.
      Thread teller = new Thread(() -> onFatal.accept(cause), "dormouse-fatal");
      teller.setDaemon(true);
      teller.start();
    } catch (OutOfMemoryError noThread) {
      onFatal.accept(cause);
    }
  }
}
