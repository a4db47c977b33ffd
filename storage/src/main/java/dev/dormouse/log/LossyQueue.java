package dev.dormouse.log;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded queue in front of something that may block for ever. Whoever puts a piece in never
 * waits: a piece that does not fit is lost and counted. One daemon thread takes the pieces out, in
 * order, and writes them; once it has caught up it reports how many were lost.
 *
 * <p>Any thread may call every method.
 */
final class LossyQueue<T> {
  /** While more is lost than can be written, the loss is reported after so many pieces. */
  private static final int PIECES_BEFORE_REPORT = 10_000;

  /** Writes a piece. */
  interface Sink<T> {
    void write(T piece) throws Exception;
  }

  /** Tells how many pieces were lost. */
  interface Report {
    void lost(long number) throws Exception;
  }

  private record Waiting<T>(T piece, long bytes) {}

  private final String name;
  private final long bytesMax;
  private final Sink<T> sink;
  private final Report report;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition hasArrived = lock.newCondition();
  private final Condition isWritten = lock.newCondition();

  // All below are guarded by the lock.
  private final Queue<Waiting<T>> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private long accepted;
  private long written;
  private long lost;
  private long reportedLost;
  private int writtenSinceReport;
  private boolean hasThread;

  /**
   * An empty queue.
   *
   * @param name the name of the thread that writes
   * @param bytesMax the most that may wait; a single piece may be larger if none waits
   * @param sink may block, and may throw, which loses the piece
   * @param report is told, on the thread that writes, how many pieces were lost since the last time
   */
  LossyQueue(String name, long bytesMax, Sink<T> sink, Report report) {
    this.name = name;
    this.bytesMax = bytesMax;
    this.sink = sink;
    this.report = report;
  }

  /**
   * Puts a piece in, or loses it.
   *
   * @param bytes about how much memory it takes
   */
  void put(T piece, long bytes) {
    lock.lock();
    try {
      if ((!waiting.isEmpty() && waitingBytes + bytes > bytesMax) || !ensureThread()) {
        lost++;
        return;
      }
      waiting.add(new Waiting<>(piece, bytes));
      waitingBytes += bytes;
      accepted++;
      hasArrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Makes the thread that writes, if there is none yet and one can be made. */
  void prepare() {
    lock.lock();
    try {
      ensureThread();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether there is a thread that writes. Where none can be made now, one is later. */
  private boolean ensureThread() {
    if (!hasThread) {
      try {
        Thread thread = new Thread(this::writeAll, name);
        thread.setDaemon(true);
        thread.start();
        hasThread = true;
      } catch (OutOfMemoryError noThreadNow) {
        return false;
      }
    }
    return true;
  }

  private void writeAll() {
    while (true) {
      Waiting<T> next = awaitNext();
      boolean isLost = !isWritten(next.piece());
      long toReport = done(next, isLost);
      if (toReport > 0) {
        report(toReport);
      }
    }
  }

  private Waiting<T> awaitNext() {
    lock.lock();
    try {
      Waiting<T> next = waiting.poll();
      while (next == null) {
        hasArrived.awaitUninterruptibly();
        next = waiting.poll();
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** Whatever a logger throws, the thread that all lines go through must live on. */
  private boolean isWritten(T piece) {
    try {
      sink.write(piece);
      return true;
    } catch (Throwable failed) {
      return false;
    }
  }

  private void report(long number) {
    try {
      report.lost(number);
    } catch (Throwable failed) {
      lock.lock();
      try {
        reportedLost -= number; // to be reported the next time
      } finally {
        lock.unlock();
      }
    }
  }

  /** Returns how many pieces are to be reported as lost now. */
  private long done(Waiting<T> piece, boolean isLost) {
    lock.lock();
    try {
      waitingBytes -= piece.bytes();
      written++;
      writtenSinceReport++;
      if (isLost) {
        lost++;
      }
      isWritten.signalAll();
      boolean isDue = waiting.isEmpty() || writtenSinceReport >= PIECES_BEFORE_REPORT;
      if (isLost || lost == reportedLost || !isDue) {
        return 0;
      }
      long number = lost - reportedLost;
      reportedLost = lost;
      writtenSinceReport = 0;
      return number;
    } finally {
      lock.unlock();
    }
  }

  /** How many pieces were lost so far. */
  long lost() {
    lock.lock();
    try {
      return lost;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until all that was put in before is written, but no longer than the limit. An interrupt
   * ends the wait and stays set.
   *
   * @return whether it is written
   */
  boolean flush(Duration limit) {
    long leftNs = limit.toNanos();
    lock.lock();
    try {
      long target = accepted;
      while (written < target && leftNs > 0) {
        leftNs = isWritten.awaitNanos(leftNs);
      }
      return written >= target;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }
}
