package dev.dormouse.server;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Threading;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The threads that handlers run on: virtual ones or a pool, and the event loops. What comes after
 * their end is given up: nobody was told that it is handled, and closes are for the next start.
 */
final class HandlerThreads implements AutoCloseable {
  private static final Logger log = Log.of(HandlerThreads.class);

  /** Of the pool on a JDK without virtual threads: so many handlers may block at a time. */
  private static final int WORKERS = 256;

  private final ExecutorService workers;

  /** The workers, or the way to them. */
  private final Executor blocking;

  private final List<LoopTurns> eventLoops = new ArrayList<>();

  HandlerThreads(EventLoopGroup eventLoopGroup) {
    eventLoopGroup.forEach(loop -> eventLoops.add(new LoopTurns(loop)));
    ExecutorService virtual = virtualThreads();
    this.workers = virtual == null ? workerPool() : virtual;
    this.blocking = virtual == null ? workers : new VirtualWorkers(virtual, eventLoopGroup);
  }

  /**
   * Where the handlers of an actor run that is about to come into memory. On event loops it is the
   * caller's if it is one, which is that of the socket whose message wakes the actor.
   */
  Executor of(Threading threading, ActorId actor) {
    return switch (threading) {
      case MAY_BLOCK -> blocking;
      case EVENT_LOOP -> {
        for (LoopTurns turns : eventLoops) {
          if (turns.loop.inEventLoop()) {
            yield turns;
          }
        }
        yield eventLoops.get(Math.floorMod(actor.hashCode(), eventLoops.size()));
      }
    };
  }

  /**
   * Runs the actors of an event loop: all together that its sockets have woken, when it is through
   * with what it was reading. That is faster than one by one in between, since each part of the way
   * finds its code in the processor's caches.
   */
  private static final class LoopTurns implements Executor {
    private final EventExecutor loop;

    /** The loop's only, like the next. */
    private final ArrayDeque<Runnable> brought = new ArrayDeque<>();

    private boolean isExpected;

    LoopTurns(EventExecutor loop) {
      this.loop = loop;
    }

    @Override
    public void execute(Runnable turns) {
      if (loop.inEventLoop()) {
        brought.add(turns);
        expect();
      } else {
        try {
          loop.execute(turns);
        } catch (RejectedExecutionException e) {
          logLate();
        }
      }
    }

    private void expect() {
      if (!isExpected) {
        isExpected = true;
        loop.execute(this::runAll);
      }
    }

    private void runAll() {
      isExpected = false;
      try {
        for (int left = brought.size(); left > 0; left--) {
          brought.remove().run();
        }
      } finally {
        if (!brought.isEmpty()) {
          expect();
        }
      }
    }
  }

  /** Null on a JDK without. */
  private static @Nullable ExecutorService virtualThreads() {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (NoSuchMethodException e) {
      return null;
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("virtual threads are there, but cannot be used", e);
    }
  }

  private static ExecutorService workerPool() {
    AtomicInteger number = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            WORKERS,
            WORKERS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "dormouse-actor-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            (late, closed) -> logLate());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  static void logLate() {
    log.debug("tasks of actors came after the threads were closed");
  }

  /** Takes no more work; what runs is not waited for. */
  @Override
  public void close() {
    workers.shutdown();
  }
}
