package dev.dormouse.log;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded queue in front of a sink that may block for ever. A thread that puts a piece in never
 * waits: a piece that does not fit is lost and counted. One daemon thread takes the pieces out in
 * order and writes them. When it has caught up, it reports how many were lost.
 *
 * <p>Any thread may call every method.
 */
final class LossyQueue<T> {
  /** The number of written pieces after which a loss is reported while the queue stays full. */
  private static final int PIECES_BEFORE_REPORT = 10_000;

  /** The far end, which may block and may throw. */
  interface Sink<T> {
    void write(T piece) throws Exception;
  }

  /** The report of a loss, called on the thread that writes. */
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

  // The lock guards all fields below.
  private final Queue<Waiting<T>> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private long accepted;
  private long written;
  private long lost;
  private long reportedLost;
  private int writtenSinceReport;
  private boolean hasThread;

  /**
   * Creates an empty queue.
   *
   * @param name the name of the thread that writes
   * @param bytesMax the limit of the pieces that wait, in bytes; a larger piece fits if none waits
   * @param sink writes a piece; a piece for which it throws is lost
   * @param report receives the number of pieces that were lost since the last report
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
   * @param bytes the piece's memory, about, in bytes
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

  /** Starts the thread that writes, if there is none yet and one can be started. */
  void prepare() {
    lock.lock();
    try {
      ensureThread();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether there is a thread that writes; a later call starts one if none can be now. */
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

  /** Returns whether a piece was written. The thread must survive whatever a logger throws. */
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
        reportedLost -= number; // the next report has them
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

  /** Returns the number of pieces that were lost so far. */
  long lost() {
    lock.lock();
    try {
      return lost;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until all pieces that were put in before are written, but no longer than the limit. An
   * interrupt ends the wait and stays set.
   *
   * @return whether they are written
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
