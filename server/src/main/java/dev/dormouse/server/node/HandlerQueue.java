package dev.dormouse.server.node;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.server.observe.ThreadState;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.List;
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
 * Queues the tasks of handlers, first in first out, and runs workers that take them. A worker runs
 * many tasks, since starting a thread costs more than a small turn. Any thread may add a task and
 * never gets an exception from it: a task stays in the queue until a worker takes it.
 *
 * <p><b>No task waits for one that blocks.</b> Before a worker runs a task while others wait, it
 * makes sure that one more worker is <em>ready</em>: started, and not yet running a task. If the
 * task blocks, the ready worker takes the next one. So there is one more worker than tasks that run
 * or block. A worker ends after a slice of tasks, so that other virtual threads get the carrier
 * thread too.
 *
 * <p><b>No task waits for one that computes.</b> A virtual thread that computes, or waits for the
 * disk, keeps its carrier thread, and there is one carrier for each core. When all carriers are
 * kept, the ready worker does not begin. {@link #look}, called every few milliseconds, detects
 * this. From then on until a virtual worker begins again, workers on spare platform threads take
 * tasks too.
 *
 * <p><b>Few workers begin at once.</b> Objects that handlers make are on the heap before anything
 * can count them. So only a limited number of workers begins between two looks, in addition to
 * those that were at work at the last look: handlers that allocate much run one after the other,
 * and handlers that block delay others by a few looks at most.
 *
 * <p><b>Tasks from an event loop</b> wait until the loop has finished reading, and then come into
 * the queue together. So the loop wakes one thread for all of these tasks and not one for each
 * message. A worker that is at work meanwhile does not take them one by one, which would make one
 * write of the store out of each turn. If the loop is held up, a look brings them into the queue.
 */
final class HandlerQueue implements Executor {
  /** The number of tasks that one worker runs before it makes room for others. */
  static final int SLICE = 64;

  /**
   * The number of looks in a row without progress of a ready worker after which the ordinary
   * threads count as held up.
   */
  static final int LOOKS_HELD_UP = 3;

  /**
   * The pause in nanoseconds after a thread could not be made, since the JVM prints a warning for
   * each attempt.
   */
  static final long REFUSAL_NS = 250_000_000;

  private static final int LINE_SECONDS = 10;
  private static final Logger log = Log.of(HandlerQueue.class);

  private final Source ordinary;

  /** The source of spare threads; null if the ordinary threads are platform threads themselves. */
  private final @Nullable Source spare;

  private final Runnable onBusy;
  private final int beginningMax;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final FastThreadLocal<@Nullable Burst> burst = new FastThreadLocal<>();
  private final List<Burst> bursts;
  private final @Nullable ClassLoader classes = Thread.currentThread().getContextClassLoader();
  private final AtomicInteger working = new AtomicInteger();
  private final LongAdder refusedThreads = new LongAdder();

  /** The last exception of a task, until a look has logged it. */
  private volatile @Nullable Throwable thrown;

  /** Set while spare threads are to take tasks: a look sets it, a worker that begins resets it. */
  private volatile boolean isHeldUp;

  /** The mark that waits in the queue; null if there is none. */
  private volatile @Nullable Mark mark;

  /** The most workers that may be at work before the next look. */
  private volatile int workingMax;

  // The following fields are for the thread that calls look().
  private @Nullable Worker readyAtLastLook;
  private int looksWithoutBeginning;

  private long refusedLogged;
  private long nextLineNs;

  /**
   * Creates a queue without workers.
   *
   * @param ordinary starts a thread for each worker, or throws: {@link RejectedExecutionException}
   *     if all threads are at work, {@link OutOfMemoryError} if one cannot be made
   * @param spare starts a thread like {@code ordinary} while the ordinary threads are held up; null
   *     for none
   * @param eventLoops the event loops, each of whose tasks start together
   * @param beginningMax the most workers that may begin between two looks
   * @param onBusy called whenever a worker is started or must wait, so that looks begin
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
    List<Burst> ofLoops = new ArrayList<>();
    for (EventExecutor loop : eventLoops) {
      Burst ofLoop = new Burst(loop);
      ofLoops.add(ofLoop);
      loop.execute(() -> burst.set(ofLoop));
    }
    this.bursts = List.copyOf(ofLoops);
  }

  @Override
  public void execute(Runnable task) {
    Burst ofLoop = Thread.currentThread() instanceof FastThreadLocalThread ? burst.get() : null;
    if (ofLoop == null) {
      tasks.add(task);
      haveOneReady();
    } else {
      ofLoop.add(task);
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
   * Detects whether tasks make progress, and helps if they do not. To be called every few
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
    bursts.forEach(Burst::look);
    if (!tasks.isEmpty()) {
      if (mark == null) {
        Mark made = new Mark(nowNs);
        mark = made;
        tasks.add(made);
      }
      haveOneReady();
    } else if (spare != null && working.get() > 0) {
      ordinary.haveOneReady(); // this worker has no task, but shows that threads begin
    }
    complain(nowNs);
    return isOneStuck;
  }

  /** Returns whether no task runs or waits, so that no looks are needed. */
  boolean isIdle() {
    return tasks.isEmpty()
        && working.get() == 0
        && ordinary.ready.get() == null
        && bursts.stream().allMatch(ofLoop -> ofLoop.added.isEmpty());
  }

  /**
   * Returns how long the oldest task has waited for a thread, in nanoseconds, exact to the time
   * between two looks; 0 if none waits.
   */
  long oldestWaiting(long nowNs) {
    Mark oldest = mark;
    return oldest == null ? 0 : Math.max(0, nowNs - oldest.addedNs);
  }

  /** Returns the number of threads for handlers that could not be made. */
  long refusedThreads() {
    return refusedThreads.sum();
  }

  /** Logs failures, at most once in {@value #LINE_SECONDS} seconds. */
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

  /** Starts the threads of workers. */
  private final class Source {
    private final Executor threads;

    /** The worker that was started and has not begun yet; null if there is none. */
    private final AtomicReference<@Nullable Worker> ready = new AtomicReference<>();

    /** Set for a while after a thread could not be made. */
    private volatile boolean isRefusing;

    /** Set when a look has seen the refusal; for the thread that looks, like the next field. */
    private boolean isWaiting;

    private long triesAgainNs;

    Source(Executor threads) {
      this.threads = threads;
    }

    /**
     * Starts a worker if none is ready.
     *
     * @return false if no thread can be started, or enough workers have begun; the workers at work
     *     continue, and a look tries again
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

  /** Takes tasks as long as there are some. */
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
          log.trace("no thread can be started for the next slice; this worker continues");
        }
      } finally {
        working.getAndDecrement();
      }
      if (!tasks.isEmpty()) {
        haveOneReady(); // the adder of that task may have been refused a worker
      }
    }

    /**
     * Runs a slice of tasks.
     *
     * @return whether more tasks wait; a thread that adds a task after false sees that no worker is
     *     ready
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

  /** Waits in the queue as a task, and so measures how long tasks wait. */
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

  /** The tasks that an event loop adds while it reads. The loop's thread adds them. */
  private final class Burst {
    private final EventExecutor loop;
    private final Queue<Runnable> added = new ConcurrentLinkedQueue<>();

    /** True while the loop has a task that ends the burst; for the loop's thread only. */
    private boolean isBegun;

    /** The task that was the first at the last look; null if there was none. */
    private @Nullable Runnable firstAtLastLook;

    Burst(EventExecutor loop) {
      this.loop = loop;
    }

    void add(Runnable task) {
      added.add(task);
      if (!isBegun) {
        onBusy.run(); // if the loop does not end the burst, looks bring its tasks into the queue
        try {
          loop.execute(this::end);
          isBegun = true; // only now: after an exception above no task would end the burst
        } catch (RejectedExecutionException loopIsShutDown) {
          bring();
        }
      }
    }

    private void end() {
      isBegun = false;
      bring();
    }

    private void bring() {
      for (Runnable next = added.poll(); next != null; next = added.poll()) {
        tasks.add(next);
      }
      haveOneReady();
    }

    /** Brings the tasks into the queue if the loop has held one of them up since the last look. */
    void look() {
      Runnable first = added.peek();
      if (first != null && first == firstAtLastLook) {
        bring();
      }
      firstAtLastLook = first;
    }
  }
}
