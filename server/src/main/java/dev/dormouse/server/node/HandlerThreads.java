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
 * Runs the handlers of actors, on virtual threads or a pool of platform threads, and on the event
 * loops. Tasks submitted after {@code close()} are dropped. That is safe: their events were never
 * acknowledged, and their closes are recovered at the next start.
 *
 * <p>A platform thread of this class watches the queue while there are tasks: see {@link
 * HandlerQueue#look}.
 */
final class HandlerThreads implements AutoCloseable {
  private static final Logger log = Log.of(HandlerThreads.class);

  /**
   * The most platform threads for handlers. On a JDK without virtual threads this is the most
   * handlers that may block or compute at a time. On other JDKs it is the most handlers that may
   * compute in addition to one for each core.
   */
  static final int PLATFORM_THREADS_MAX = 256;

  /** The heap bytes for each handler that may begin between two looks. */
  private static final long HEAP_PER_HANDLER = 6L << 20;

  /** The number of handlers that may begin between two looks with the smallest heap. */
  static final int BEGIN_ENOUGH = 16;

  private static final long LOOK_NS = 5_000_000;
  private static final long QUIET_LOOK_NS = 25_000_000;
  private static final int QUIET_LOOKS = 40;

  /** The number of looks with held-up virtual threads after which carriers are added. */
  private static final int LOOKS_PER_CARRIER = 10;

  private final Time time;
  private final List<ExecutorService> services = new ArrayList<>();
  private final List<LoopTurns> eventLoops = new ArrayList<>();

  /** The queue of the handlers that may block. */
  private final HandlerQueue queue;

  /** The carriers of virtual threads; null on a JDK without virtual threads. */
  private final @Nullable Carriers carriers;

  private final Thread watch = new Thread(this::watch, "dormouse-handlers");
  private volatile boolean isWatchResting;
  private volatile boolean isClosed;

  /** Creates threads that have no tasks yet. */
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

  /**
   * Returns the number of handlers that may begin between two looks, with a heap of this many
   * bytes.
   */
  static int beginningMax(long heapBytes) {
    return (int) Math.max(BEGIN_ENOUGH, Math.min(Integer.MAX_VALUE, heapBytes / HEAP_PER_HANDLER));
  }

  /**
   * Returns the executor of the handlers of an actor that is about to come into memory. An actor
   * for event loops gets the calling loop, which is that of the socket whose message wakes the
   * actor. If the caller is no event loop, the actor's id selects a loop.
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
   * Returns how long the oldest task of a handler that may block has waited for a thread, in
   * nanoseconds; 0 if none waits. Exact to about 25 ms. Any thread.
   */
  long oldestWaiting(long nowNs) {
    return queue.oldestWaiting(nowNs);
  }

  /** Returns the number of threads for handlers that could not be made. Any thread. */
  long refusedThreads() {
    return queue.refusedThreads();
  }

  private void wakeWatch() {
    if (isWatchResting) {
      LockSupport.unpark(watch);
    }
  }

  /**
   * Looks at the queue often while handlers run, seldom for a second after that, and then not at
   * all.
   */
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
        log.error("the watch over the handlers' threads failed; it is tried again", e);
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
   * Runs the actors of an event loop. The actors that the loop's sockets wake run together when the
   * loop has finished reading. That is faster than running each one at once, since each step then
   * finds its code in the processor's caches.
   */
  private static final class LoopTurns implements Executor {
    private final EventExecutor loop;

    /** The turns that wait; for the loop's thread only, like the next field. */
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

    /** Runs a turn; a turn that fails or leaves the thread changed does not affect the next one. */
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
        isExpected = true; // only now: after an exception above no task would run them
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

  /** Returns an executor of virtual threads; null on a JDK without them. */
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

  /**
   * Returns a pool of platform threads that refuses a task while all are at work; callers have a
   * queue.
   */
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

  /** Accepts no more tasks; running ones are not waited for. */
  @Override
  public void close() {
    isClosed = true;
    services.forEach(ExecutorService::shutdown);
    LockSupport.unpark(watch);
  }
}
