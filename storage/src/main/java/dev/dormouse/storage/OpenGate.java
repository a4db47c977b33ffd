package dev.dormouse.storage;

import java.util.concurrent.locks.StampedLock;

/**
 * A gate before the engine, which keeps the engine open while threads use it. A native handle that
 * is used after it was closed takes the process down. A passage costs two atomic operations.
 *
 * <pre>{@code
 * long pass = gate.enter();
 * try { … } finally { gate.leave(pass); }
 * }</pre>
 *
 * <p>A thread that is inside must not enter again and must not close the gate.
 */
final class OpenGate {
  private final StampedLock lock = new StampedLock();

  /**
   * True once the gate is closed. It is set before the write lock is requested, or readers that
   * overtake the request could delay it for ever.
   */
  private volatile boolean isClosed;

  /**
   * Enters, and waits while another thread is {@linkplain #alone alone} inside.
   *
   * @return the pass to give to {@link #leave}
   * @throws IllegalStateException if the store is closed
   */
  long enter() {
    if (!isClosed) {
      long pass = lock.tryReadLock();
      if (pass == 0) {
        pass = lock.readLock(); // a thread is alone inside, and will leave
      }
      if (!isClosed) {
        return pass;
      }
      lock.unlockRead(pass);
    }
    throw new IllegalStateException("the store is closed");
  }

  /** Leaves. */
  void leave(long pass) {
    lock.unlockRead(pass);
  }

  /**
   * Closes the gate and waits until every thread has left.
   *
   * @return whether this call closed it; false if it was closed before
   */
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
   * Runs a task while no thread is inside. Threads that enter meanwhile wait.
   *
   * @return whether the task ran; false if the gate is closed
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
