package dev.dormouse.server;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks on virtual threads, many on each: to make a thread costs more than all that a small
 * turn does. Any thread.
 *
 * <p><b>None waits for one that blocks.</b> Before a worker runs a task while others wait, it has
 * seen to it that one more worker is <em>ready</em>: started, and not yet at a task. If the task
 * blocks, the carrier thread has the ready one; so there are as many workers as tasks that block or
 * run, and one. After a slice of tasks a worker ends, so that other virtual threads, too, get the
 * carrier.
 *
 * <p><b>What an event loop brings</b> waits until the loop is through with what it was reading, and
 * then needs one worker to be started from there, which wakes a carrier thread: once, not for each
 * message.
 */
final class VirtualWorkers implements Executor {
  /** How many tasks one thread runs at most. */
  static final int SLICE = 64;

  private final Executor threads;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isOneReady = new AtomicBoolean();
  private final FastThreadLocal<@Nullable Burst> burst = new FastThreadLocal<>();

  /**
   * Without a worker yet.
   *
   * @param threads starts a virtual thread for each task
   * @param eventLoops whose tasks start together
   */
  VirtualWorkers(Executor threads, EventExecutorGroup eventLoops) {
    this.threads = threads;
    eventLoops.forEach(loop -> loop.execute(() -> burst.set(new Burst(loop))));
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    Burst ofLoop = Thread.currentThread() instanceof FastThreadLocalThread ? burst.get() : null;
    if (ofLoop == null) {
      haveOneReady();
    } else {
      ofLoop.begin();
    }
  }

  private void haveOneReady() {
    if (isOneReady.get() || !isOneReady.compareAndSet(false, true)) {
      return;
    }
    boolean isStarted = false;
    try {
      threads.execute(this::work);
      isStarted = true;
    } catch (RejectedExecutionException e) {
      HandlerThreads.logLate();
    } finally {
      if (!isStarted) { // there may be no memory for a thread: the next task tries again
        isOneReady.set(false);
      }
    }
  }

  private void work() {
    isOneReady.set(false);
    for (int i = 0; i < SLICE; i++) {
      Runnable task = tasks.poll();
      if (task == null) {
        return; // whoever adds one from here on sees that none is ready
      }
      if (!tasks.isEmpty()) {
        haveOneReady();
      }
      task.run();
    }
    if (!tasks.isEmpty()) {
      haveOneReady();
    }
  }

  /** What a loop has brought since it began to read. On that loop only. */
  private final class Burst {
    private final EventExecutor loop;
    private boolean isBegun;

    Burst(EventExecutor loop) {
      this.loop = loop;
    }

    void begin() {
      if (!isBegun) {
        isBegun = true;
        loop.execute(this::end);
      }
    }

    private void end() {
      isBegun = false;
      haveOneReady();
    }
  }
}
