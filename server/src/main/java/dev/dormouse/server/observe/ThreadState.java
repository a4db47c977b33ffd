package dev.dormouse.server.observe;

import org.jspecify.annotations.Nullable;

/**
 * What code that is not ours may change of a thread it runs on, and what would be found there by
 * the next: whether it is interrupted, its context class loader, its name and its priority. (The
 * labels of log lines are for {@link LogLabels}. A {@link ThreadLocal} that is not removed stays:
 * Java has no way to take it away from outside.)
 *
 * <p>To be used by the thread it was made on. To compare costs a few nanoseconds; only what was
 * changed is set.
 */
public final class ThreadState {
  private final Thread thread;
  private final boolean isInterrupted;
  private final @Nullable ClassLoader classes;
  private final String name;
  private final int priority;

  private ThreadState(Thread thread, boolean isInterrupted, @Nullable ClassLoader classes) {
    this.thread = thread;
    this.isInterrupted = isInterrupted;
    this.classes = classes;
    this.name = thread.getName();
    this.priority = thread.getPriority();
  }

  /** Returns what the calling thread, which serves many, is now; it is not to be interrupted. */
  public static ThreadState uninterrupted() {
    Thread thread = Thread.currentThread();
    return new ThreadState(thread, false, thread.getContextClassLoader());
  }

  /** Returns what the calling thread is now. An interrupt that it has will stay. */
  public static ThreadState now() {
    Thread thread = Thread.currentThread();
    return new ThreadState(thread, thread.isInterrupted(), thread.getContextClassLoader());
  }

  /**
   * Returns what the calling thread, which runs nothing yet, is to be before each task, and has it
   * be so.
   *
   * @param classes its context class loader
   */
  public static ThreadState ofWorker(@Nullable ClassLoader classes) {
    ThreadState state = new ThreadState(Thread.currentThread(), false, classes);
    state.restore();
    return state;
  }

  /** Gives the calling thread back the state that this object was made from. */
  @SuppressWarnings("ThreadPriorityCheck") // a handler's change of it is undone, none is relied on
  public void restore() {
    if (!isInterrupted && thread.isInterrupted()) {
      Thread.interrupted();
    }
    if (thread.getContextClassLoader() != classes) {
      thread.setContextClassLoader(classes);
    }
    if (!thread.getName().equals(name)) {
      thread.setName(name);
    }
    if (thread.getPriority() != priority) {
      thread.setPriority(priority);
    }
  }
}
