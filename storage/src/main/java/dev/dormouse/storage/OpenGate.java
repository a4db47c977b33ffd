package dev.dormouse.storage;

import java.util.concurrent.locks.StampedLock;

/**
 * Keeps what is behind it open while it is used: a native handle that is used after it was closed
 * takes the process down. Costs two atomic operations a passage.
 *
 * <pre>{@code
 * long pass = gate.enter();
 * try { … } finally { gate.leave(pass); }
 * }</pre>
 *
 * <p>A thread that is inside must not enter again, nor close.
 */
final class OpenGate {
  private final StampedLock lock = new StampedLock();

  /** Set before the write lock is asked for: readers that barge in could hold it off for ever. */
  private volatile boolean isClosed;

  /**
   * Goes in.
   *
   * @return what to hand to {@link #leave}
   * @throws IllegalStateException if the store is closed
   */
  long enter() {
    if (!isClosed) {
      long pass = lock.tryReadLock();
      if (pass == 0) {
        pass = lock.readLock(); // somebody is alone inside, and soon gone
      }
      if (!isClosed) {
        return pass;
      }
      lock.unlockRead(pass);
    }
    throw new IllegalStateException("the store is closed");
  }

  /** Goes out. */
  void leave(long pass) {
    lock.unlockRead(pass);
  }

  /** Lets nobody in any more, and waits until everybody is out. The first call alone is true. */
  boolean close() {
    synchronized (this) {
      if (isClosed) {
        return false;
      }
      isClosed = true;
    }
    lock.unlockWrite(lock.writeLock());
    return true;
  }

  /**
   * Runs something while nobody is inside; those who come meanwhile wait.
   *
   * @return false if the store is closed: then it was not run
   */
  boolean alone(Runnable task) {
    long pass = lock.writeLock();
    try {
      if (isClosed) {
        return false;
      }
      task.run();
      return true;
    } finally {
      lock.unlockWrite(pass);
    }
  }
}
