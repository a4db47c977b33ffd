package dev.dormouse.server.node;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.server.observe.ThreadState;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The tasks of handlers that wait for a thread, first come first served, and the workers that take
 * them. A worker runs many tasks: to make a thread costs more than all that a small turn does. Any
 * thread may hand in a task, and no failure ever reaches it: a task stays in the queue until a
 * thread takes it.
 *
 * <p><b>No task waits for one that blocks.</b> Before a worker runs a task while others wait, it
 * has seen to it that one more worker is <em>ready</em>: started, and not yet at a task. If the
 * task blocks, the ready worker takes the next; so there are as many workers as tasks that block or
 * run, and one. After a slice of tasks a worker ends, so that other virtual threads, too, get the
 * carrier thread.
 *
 * <p><b>Nor for one that computes.</b> A virtual thread that computes, or waits for the disk, keeps
 * its carrier thread, and there is one for each core. When all are kept, the ready worker does not
 * begin. {@link #look}, called every few milliseconds, sees that, and from then on until a virtual
 * worker begins again, workers on spare platform threads take the tasks as well.
 *
 * <p><b>Nor do many begin at once.</b> What handlers make is on the heap before anybody can count
 * it. So between two looks no more than so many workers begin besides those that were at work at
 * the last one: handlers that make much follow each other, and handlers that block hold up others
 * by a few looks at most.
 *
 * <p><b>What an event loop brings</b> waits until the loop is through with what it was reading, and
 * then needs one worker to be started from there, which wakes a thread: once, not for each message.
 */
final class HandlerQueue implements Executor {
  /** How many tasks one worker runs before it makes room for others. */
  static final int SLICE = 64;

  /** At so many looks in a row a ready worker has not begun, and its threads are held up. */
  static final int LOOKS_HELD_UP = 3;

  /** When a thread could not be made, none is tried for so long: the JVM tells of each try. */
  static final long REFUSAL_NS = 250_000_000;

  private static final int LINE_SECONDS = 10;
  private static final Logger log = Log.of(HandlerQueue.class);

  private final Source ordinary;

  /** Null if the ordinary threads need no spare ones, being platform threads themselves. */
  private final @Nullable Source spare;

  private final Runnable onBusy;
  private final int beginningMax;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final FastThreadLocal<@Nullable Burst> burst = new FastThreadLocal<>();
  private final @Nullable ClassLoader classes = Thread.currentThread().getContextClassLoader();
  private final AtomicInteger working = new AtomicInteger();
  private final LongAdder refusedThreads = new LongAdder();

  /** What a task threw last, until a look has told of it. */
  private volatile @Nullable Throwable thrown;

  /** Whether spare threads are to take tasks. Set by a look, reset by a worker that begins. */
  private volatile boolean isHeldUp;

  /** Null unless a mark waits in the queue. */
  private volatile @Nullable Mark mark;

  /** So many workers may be at work before the next look. */
  private volatile int workingMax;

  // Of whoever looks.
  private @Nullable Worker readyAtLastLook;
  private int looksWithoutBeginning;

  private long refusedLogged;
  private long nextLineNs;

  /**
   * Without a worker yet.
   *
   * @param ordinary starts a thread for each worker, or throws: {@link RejectedExecutionException}
   *     if all threads are at work, {@link OutOfMemoryError} if one cannot be made
   * @param spare the same, for when the ordinary threads are held up; null for none
   * @param eventLoops whose tasks start together
   * @param beginningMax how many workers may begin between two looks
   * @param onBusy called whenever a worker is started or must wait: looks are needed from here on
   */
  HandlerQueue(
      Executor ordinary,
      @Nullable Executor spare,
      EventExecutorGroup eventLoops,
      int beginningMax,
      Runnable onBusy) {
    this.ordinary = new Source(ordinary);
    this.spare = spare == null ? null : new Source(spare);
    this.beginningMax = beginningMax;
    this.workingMax = beginningMax;
    this.onBusy = onBusy;
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

  private boolean haveOneReady() {
    boolean isOne = ordinary.haveOneReady();
    if (spare != null && (isHeldUp || !isOne)) {
      isOne |= spare.haveOneReady();
    }
    return isOne;
  }

  /**
   * Finds out whether the queue moves, and helps if it does not. To be called every few
   * milliseconds, by one thread at a time, until {@link #isIdle} is true.
   *
   * @return whether the ordinary threads have been held up for {@value #LOOKS_HELD_UP} looks
   */
  boolean look(long nowNs) {
    workingMax = (int) Math.min(Integer.MAX_VALUE, (long) working.get() + beginningMax);
    ordinary.forgetRefusal(nowNs);
    if (spare != null) {
      spare.forgetRefusal(nowNs);
    }
    Worker ready = ordinary.ready.get();
    looksWithoutBeginning =
        ready != null && ready == readyAtLastLook ? looksWithoutBeginning + 1 : 0;
    readyAtLastLook = ready;
    boolean isOneStuck = looksWithoutBeginning >= LOOKS_HELD_UP - 1;
    if (isOneStuck) {
      isHeldUp = true;
    }
    if (!tasks.isEmpty()) {
      if (mark == null) {
        Mark made = new Mark(nowNs);
        mark = made;
        tasks.add(made);
      }
      haveOneReady();
    } else if (spare != null && working.get() > 0) {
      ordinary.haveOneReady(); // it finds nothing to do, but shows that threads begin
    }
    complain(nowNs);
    return isOneStuck;
  }

  /** Whether nothing runs and nothing waits, so that looks can rest. */
  boolean isIdle() {
    return tasks.isEmpty() && working.get() == 0 && ordinary.ready.get() == null;
  }

  /**
   * Returns for how long the oldest task has waited for a thread, in nanoseconds, to within the
   * time between two looks; 0 if none waits.
   */
  long oldestWaiting(long nowNs) {
    Mark oldest = mark;
    return oldest == null ? 0 : Math.max(0, nowNs - oldest.addedNs);
  }

  /** Returns how often a thread for handlers could not be made. */
  long refusedThreads() {
    return refusedThreads.sum();
  }

  /** Logs what went wrong, at most once in {@value #LINE_SECONDS} seconds. */
  private void complain(long nowNs) {
    long refused = refusedThreads.sum();
    Throwable failure = thrown;
    if ((refused == refusedLogged && failure == null) || nowNs - nextLineNs < 0) {
      return;
    }
    nextLineNs = nowNs + LINE_SECONDS * 1_000_000_000L;
    if (refused != refusedLogged) {
      refusedLogged = refused;
      log.error(
          "a thread for handlers could not be made ({} so far); events wait for the threads"
              + " there are. Allow the process more threads (pids.max of its container, ulimit -u)"
              + " or more memory outside the heap",
          Counted.of(refused, "refusal"));
    }
    if (failure != null) {
      thrown = null;
      log.error("a task of an actor failed", failure);
    }
  }

  /** Where workers get their threads. */
  private final class Source {
    private final Executor threads;

    /** The worker that was started and has not begun yet; null if there is none. */
    private final AtomicReference<@Nullable Worker> ready = new AtomicReference<>();

    /** Whether a thread could not be made a moment ago. */
    private volatile boolean isRefusing;

    /** Whether a look has seen that; of whoever looks, like the next. */
    private boolean isWaiting;

    private long triesAgainNs;

    Source(Executor threads) {
      this.threads = threads;
    }

    /**
     * Starts a worker if none is ready.
     *
     * @return false if no thread is to be had, or enough have begun; whoever is at work goes on,
     *     and a look tries again
     */
    boolean haveOneReady() {
      if (ready.get() != null) {
        return true;
      }
      if (isRefusing) {
        return false;
      }
      if (working.get() >= workingMax) {
        onBusy.run();
        return false;
      }
      Worker worker = new Worker(this);
      if (!ready.compareAndSet(null, worker)) {
        return true;
      }
      boolean isStarted = false;
      try {
        threads.execute(worker);
        isStarted = true;
      } catch (RejectedExecutionException allAreAtWork) {
        log.trace("all threads are at work, or closed");
      } catch (OutOfMemoryError e) {
        isRefusing = true;
        refusedThreads.increment();
      } finally {
        if (!isStarted) {
          ready.compareAndSet(worker, null);
        }
      }
      onBusy.run();
      return isStarted;
    }

    void forgetRefusal(long nowNs) {
      if (isRefusing && !isWaiting) {
        isWaiting = true;
        triesAgainNs = nowNs + REFUSAL_NS;
      } else if (isRefusing && nowNs - triesAgainNs >= 0) {
        isWaiting = false;
        isRefusing = false;
      }
    }
  }

  /** Takes tasks while there are some. */
  private final class Worker implements Runnable {
    private final Source source;

    Worker(Source source) {
      this.source = source;
    }

    @Override
    public void run() {
      working.getAndIncrement();
      source.ready.compareAndSet(this, null);
      if (isHeldUp && source == ordinary) {
        isHeldUp = false;
      }
      try {
        ThreadState home = ThreadState.ofWorker(classes);
        while (workOff(home) && !haveOneReady()) {
          log.trace("no thread is to be had for the next slice; this one goes on");
        }
      } finally {
        working.getAndDecrement();
      }
      if (!tasks.isEmpty()) {
        haveOneReady(); // who brought that may have been told that enough are at work
      }
    }

    /**
     * Runs a slice of tasks.
     *
     * @return whether more wait; whoever adds one after false sees that none is ready
     */
    private boolean workOff(ThreadState home) {
      for (int i = 0; i < SLICE; i++) {
        Runnable task = tasks.poll();
        if (task == null) {
          return false;
        }
        if (!tasks.isEmpty()) {
          haveOneReady();
        }
        try {
          task.run();
        } catch (Throwable e) {
          thrown = e;
        } finally {
          home.restore();
        }
      }
      return !tasks.isEmpty();
    }
  }

  /** Waits in the queue, so that it can be seen how long a task does. */
  private final class Mark implements Runnable {
    private final long addedNs;

    Mark(long addedNs) {
      this.addedNs = addedNs;
    }

    @Override
    public void run() {
      mark = null;
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
        loop.execute(this::end);
        isBegun = true; // not if that has thrown: nobody would end it
      }
    }

    private void end() {
      isBegun = false;
      haveOneReady();
    }
  }
}
