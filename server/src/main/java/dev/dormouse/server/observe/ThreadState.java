package dev.dormouse.server.observe;

import org.jspecify.annotations.Nullable;

/**
 * Saves and restores the state of a thread that application code may change and the next task on
 * the thread would find: the interrupt flag, the context class loader, the name and the priority.
 * {@link LogLabels} restores the labels of log lines. A {@link ThreadLocal} that is not removed
 * stays, since Java has no way to remove it from outside.
 *
 * <p>Only the thread that made an object may use it. A comparison costs a few nanoseconds; only
 * changed state is set.
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

  /**
   * Returns the state of the calling thread, which serves many tasks, with the interrupt flag
   * cleared.
   */
  public static ThreadState uninterrupted() {
    Thread thread = Thread.currentThread();
    return new ThreadState(thread, false, thread.getContextClassLoader());
  }

  /**
   * Returns the state of the calling thread; restoring it keeps an interrupt that the thread has
   * now.
   */
  public static ThreadState now() {
    Thread thread = Thread.currentThread();
    return new ThreadState(thread, thread.isInterrupted(), thread.getContextClassLoader());
  }

  /**
   * Sets and returns the state that the calling worker thread, which runs nothing yet, has before
   * each task.
   *
   * @param classes the thread's context class loader
   */
  public static ThreadState ofWorker(@Nullable ClassLoader classes) {
    ThreadState state = new ThreadState(Thread.currentThread(), false, classes);
    state.restore();
    return state;
  }

  /** Restores the state that this object holds on the calling thread. */
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
