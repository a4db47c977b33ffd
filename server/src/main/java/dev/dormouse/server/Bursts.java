package dev.dormouse.server;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings an event loop's tasks to virtual threads all together, when the loop is through with what
 * it was reading. To start a thread from a loop wakes a carrier thread, which costs more than all
 * that a small turn does; to start many from a virtual thread does not. Tasks from elsewhere are
 * started at once. Any thread.
 */
final class Bursts implements Executor {
  private static final Logger log = LoggerFactory.getLogger(Bursts.class);

  private final Executor threads;
  private final FastThreadLocal<@Nullable Burst> burst = new FastThreadLocal<>();

  /**
   * Bursts of what these loops bring.
   *
   * @param threads starts a virtual thread for each task
   */
  Bursts(Executor threads, EventExecutorGroup eventLoops) {
    this.threads = threads;
    eventLoops.forEach(loop -> loop.execute(() -> burst.set(new Burst(loop))));
  }

  @Override
  public void execute(Runnable task) {
    Burst ofLoop = Thread.currentThread() instanceof FastThreadLocalThread ? burst.get() : null;
    if (ofLoop == null) {
      threads.execute(task);
    } else {
      ofLoop.add(task);
    }
  }

  /** What a loop has brought since it began to read. On that loop only. */
  private final class Burst {
    private final EventExecutor loop;
    private List<Runnable> tasks = new ArrayList<>();

    Burst(EventExecutor loop) {
      this.loop = loop;
    }

    void add(Runnable task) {
      tasks.add(task);
      if (tasks.size() == 1) {
        loop.execute(this::start);
      }
    }

    private void start() {
      List<Runnable> brought = tasks;
      tasks = new ArrayList<>();
      try {
        threads.execute(
            brought.size() == 1 ? brought.get(0) : () -> brought.forEach(threads::execute));
      } catch (RejectedExecutionException e) {
        log.debug("{} tasks of actors came after the threads were closed", brought.size());
      }
    }
  }
}
