package dev.dormouse.storage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
 * <p>After a write has failed nothing is written any more: a later turn of the same actor may have
 * been run on what the failed one had changed, and must not be kept without it.
 */
final class GroupCommit {
  private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);

  static final int ROUND_COMMITS_MAX = 1_024;
  static final long ROUND_BYTES_MAX = 4L << 20;
  private static final int CALLER_ROUNDS_MAX = 16;

  /** Where rounds go. */
  interface Sink {
    /** Keeps all the writes, or throws. Called by one thread at a time. */
    void write(List<StoredWrite> writes) throws RocksDBException;
  }

  private enum Writer {
    NOBODY,
    CALLER,
    COMMITTER
  }

  private record Waiting(
      List<StoredWrite> writes, long bytes, CompletableFuture<CommitResult> result) {}

  private final Sink sink;
  private final boolean isSynced;
  private final Consumer<Throwable> onFatal;
  private final Thread committer;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // All below are guarded by the lock.
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private Writer writer;
  private @Nullable Thread writing; // who is in a round, until it is reported
  private boolean isClosed;
  private @Nullable Throwable failure; // the first; set by the writer
  private long commits;
  private long writes;

  /**
   * Begins with an empty queue.
   *
   * @param isSynced whether a write takes so long that a thread of its own is worth it
   * @param onFatal called once, on a thread of its own, if a write fails for want of anything but
   *     space
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
   * @throws IllegalStateException after {@link #close}
   */
  CompletionStage<CommitResult> commit(List<StoredWrite> toKeep) {
    long bytes = 0;
    for (StoredWrite write : toKeep) {
      bytes += write.bytes();
    }
    CompletableFuture<CommitResult> result = new CompletableFuture<>();
    lock.lock();
    try {
      if (isClosed) {
        throw new IllegalStateException("the store is closed");
      }
      queue.add(new Waiting(toKeep, bytes, result));
      if (writer == Writer.COMMITTER) {
        changed.signalAll();
      }
      if (writer != Writer.NOBODY) {
        return result;
      }
      writer = Writer.CALLER;
    } finally {
      lock.unlock();
    }
    writeAsCaller();
    return result;
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

  /** How many commits were reported done. */
  long commits() {
    lock.lock();
    try {
      return commits;
    } finally {
      lock.unlock();
    }
  }

  /** In how many writes they were kept. */
  long writes() {
    lock.lock();
    try {
      return writes;
    } finally {
      lock.unlock();
    }
  }

  private void writeAsCaller() {
    for (int rounds = 0; ; rounds++) {
      List<Waiting> round;
      lock.lock();
      try {
        if (queue.isEmpty() || rounds == CALLER_ROUNDS_MAX) {
          writer = queue.isEmpty() ? Writer.NOBODY : Writer.COMMITTER;
          changed.signalAll();
          return;
        }
        round = takeRound();
      } finally {
        lock.unlock();
      }
      write(round);
    }
  }

  private void runCommitter() {
    while (true) {
      List<Waiting> round;
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
        round = takeRound();
      } finally {
        lock.unlock();
      }
      write(round);
    }
  }

  /** From the head of the queue, at least one. Called with the lock. */
  private List<Waiting> takeRound() {
    List<Waiting> round = new ArrayList<>();
    long bytes = 0;
    while (round.size() < ROUND_COMMITS_MAX) {
      Waiting next = queue.peek();
      if (next == null || (bytes > 0 && bytes + next.bytes() > ROUND_BYTES_MAX)) {
        break;
      }
      round.add(queue.remove());
      bytes += next.bytes();
    }
    writing = Thread.currentThread();
    return round;
  }

  private void write(List<Waiting> round) {
    CommitResult result = resultOf(round);
    for (Waiting waiting : round) {
      waiting.result().complete(result);
    }
    lock.lock();
    try {
      writing = null;
    } finally {
      lock.unlock();
    }
  }

  private CommitResult resultOf(List<Waiting> round) {
    List<StoredWrite> toKeep = new ArrayList<>();
    round.forEach(waiting -> toKeep.addAll(waiting.writes()));
    Throwable cause;
    lock.lock();
    try {
      cause = failure;
    } finally {
      lock.unlock();
    }
    if (cause == null) {
      try {
        if (!toKeep.isEmpty()) {
          sink.write(toKeep);
        }
      } catch (RocksDBException | RuntimeException | Error e) {
        cause = e;
        tell(e);
      }
    }
    lock.lock();
    try {
      failure = cause;
      if (cause == null) {
        commits += round.size();
        writes += toKeep.isEmpty() ? 0 : 1;
      }
    } finally {
      lock.unlock();
    }
    return cause == null ? CommitResult.DONE : new CommitResult.Unknown(cause);
  }

  private void tell(Throwable cause) {
    if (isNoSpace(cause)) {
      log.error(
          "the disk is full: nothing can be stored until there is room and the server is started"
              + " again",
          cause);
      return;
    }
    log.error("a write failed; what the disk holds is uncertain", cause);
    // On a thread of its own: whoever ends the process there waits for close(), which waits for us.
    Thread teller = new Thread(() -> onFatal.accept(cause), "dormouse-fatal");
    teller.setDaemon(true);
    teller.start();
  }

  private static boolean isNoSpace(Throwable cause) {
    if (!(cause instanceof RocksDBException failed)) {
      return false;
    }
    Status status = failed.getStatus();
    return status != null && status.getSubCode() == Status.SubCode.NoSpace;
  }
}
