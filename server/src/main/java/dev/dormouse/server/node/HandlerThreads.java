package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Threading;
import dev.dormouse.server.observe.ThreadState;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The threads that handlers run on: virtual ones or a pool, and the event loops. What comes after
 * their end is given up: nobody was told that it is handled, and closes are for the next start.
 *
 * <p>A platform thread of their own looks after them while they have something to do: see {@link
 * HandlerQueue#look}.
 */
final class HandlerThreads implements AutoCloseable {
  private static final Logger log = Log.of(HandlerThreads.class);

  /**
   * The most platform threads. On a JDK without virtual threads so many handlers may block or
   * compute at a time; on others, so many may compute besides one for each core.
   */
  static final int PLATFORM_THREADS_MAX = 256;

  /** For so much heap one more handler may begin between two looks. */
  private static final long HEAP_PER_HANDLER = 6L << 20;

  /** So many handlers may begin between two looks however small the heap is. */
  static final int BEGIN_ENOUGH = 16;

  private static final long LOOK_NS = 5_000_000;
  private static final long QUIET_LOOK_NS = 25_000_000;
  private static final int QUIET_LOOKS = 40;

  /** For so many looks virtual threads are held up before more carriers are made. */
  private static final int LOOKS_PER_CARRIER = 10;

  private final Time time;
  private final List<ExecutorService> services = new ArrayList<>();
  private final List<LoopTurns> eventLoops = new ArrayList<>();

  /** Of handlers that may block. */
  private final HandlerQueue queue;

  /** Null on a JDK without virtual threads. */
  private final @Nullable Carriers carriers;

  private final Thread watch = new Thread(this::watch, "dormouse-handlers");
  private volatile boolean isWatchResting;
  private volatile boolean isClosed;

  /** With nothing to do yet. */
  HandlerThreads(EventLoopGroup eventLoopGroup, Time time) {
    this.time = time;
    eventLoopGroup.forEach(loop -> eventLoops.add(new LoopTurns(loop)));
    ExecutorService platform = platformThreads();
    ExecutorService virtual = virtualThreads();
    int beginningMax = beginningMax(Runtime.getRuntime().maxMemory());
    services.add(platform);
    if (virtual == null) {
      this.carriers = null;
      this.queue = new HandlerQueue(platform, null, eventLoopGroup, beginningMax, this::wakeWatch);
    } else {
      services.add(virtual);
      this.carriers = new Carriers();
      this.queue =
          new HandlerQueue(virtual, platform, eventLoopGroup, beginningMax, this::wakeWatch);
    }
    Log.prepare();
    watch.setDaemon(true);
    watch.start();
  }

  /** How many handlers may begin between two looks, with a heap of so many bytes. */
  static int beginningMax(long heapBytes) {
    return (int) Math.max(BEGIN_ENOUGH, Math.min(Integer.MAX_VALUE, heapBytes / HEAP_PER_HANDLER));
  }

  /**
   * Where the handlers of an actor run that is about to come into memory. On event loops it is the
   * caller's if it is one, which is that of the socket whose message wakes the actor.
   */
  Executor of(Threading threading, ActorId actor) {
    return switch (threading) {
      case MAY_BLOCK -> queue;
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
   * Returns for how long the oldest task of a handler that may block has waited for a thread, in
   * nanoseconds; 0 if none waits. Exact to about 25 ms. Any thread.
   */
  long oldestWaiting(long nowNs) {
    return queue.oldestWaiting(nowNs);
  }

  /** Returns how often a thread for handlers could not be made. Any thread. */
  long refusedThreads() {
    return queue.refusedThreads();
  }

  private void wakeWatch() {
    if (isWatchResting) {
      LockSupport.unpark(watch);
    }
  }

  /** Looks often while handlers run, seldom for a second after that, and then not at all. */
  private void watch() {
    int quietLooks = 0;
    int heldUpLooks = 0;
    while (!isClosed) {
      long nowNs = time.nowNs();
      try {
        heldUpLooks = queue.look(nowNs) ? heldUpLooks + 1 : 0;
        if (carriers != null && heldUpLooks >= LOOKS_PER_CARRIER) {
          carriers.add(nowNs);
          heldUpLooks = 0;
        } else if (carriers != null) {
          carriers.restIfDue(nowNs);
        }
      } catch (RuntimeException | Error e) {
        log.error("the threads of handlers could not be looked after; trying again", e);
      }
      quietLooks = queue.isIdle() ? quietLooks + 1 : 0;
      if (quietLooks > QUIET_LOOKS && (carriers == null || carriers.isAtRest())) {
        isWatchResting = true;
        if (queue.isIdle() && !isClosed) {
          LockSupport.park(this);
        }
        isWatchResting = false;
        quietLooks = 0;
      } else {
        LockSupport.parkNanos(this, quietLooks == 0 ? LOOK_NS : QUIET_LOOK_NS);
      }
    }
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
          loop.execute(() -> run(turns, ThreadState.uninterrupted()));
        } catch (RejectedExecutionException e) {
          log.debug("turns of actors came after their event loop was closed");
        }
      }
    }

    /** A thing that fails, or leaves the thread changed, is none of its neighbours' business. */
    private static void run(Runnable turns, ThreadState before) {
      try {
        turns.run();
      } catch (Throwable e) {
        log.error("turns of an actor failed", e);
      } finally {
        before.restore();
      }
    }

    private void expect() {
      if (!isExpected) {
        loop.execute(this::runAll);
        isExpected = true; // not if that has thrown: nobody would run them
      }
    }

    private void runAll() {
      isExpected = false;
      ThreadState before = ThreadState.uninterrupted();
      try {
        for (int left = brought.size(); left > 0; left--) {
          run(brought.remove(), before);
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
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder");
      type.getMethod("inheritInheritableThreadLocals", boolean.class).invoke(builder, false);
      Object factory = type.getMethod("factory").invoke(builder);
      return (ExecutorService)
          Executors.class
              .getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
              .invoke(null, factory);
    } catch (NoSuchMethodException | ClassNotFoundException e) {
      return null;
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("virtual threads are there, but cannot be used", e);
    }
  }

  /** Refuses a task while all are at work: whoever brings one has a queue. */
  private static ExecutorService platformThreads() {
    AtomicInteger number = new AtomicInteger();
    return new ThreadPoolExecutor(
        0,
        PLATFORM_THREADS_MAX,
        30,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          String name = "dormouse-actor-" + number.incrementAndGet();
          Thread thread = new Thread(null, task, name, 0, false);
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Takes no more work; what runs is not waited for. */
  @Override
  public void close() {
    isClosed = true;
    services.forEach(ExecutorService::shutdown);
    LockSupport.unpark(watch);
  }
}
