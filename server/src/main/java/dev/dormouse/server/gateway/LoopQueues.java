package dev.dormouse.server.gateway;

import io.netty.channel.EventLoop;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Brings work to event loops, in the order in which it comes: a loop has one task for all that
 * waits. Work that comes on the loop itself while none waits is done at once.
 *
 * <p>Any thread.
 */
final class LoopQueues {
  private final ConcurrentHashMap<EventLoop, LoopQueue> queues = new ConcurrentHashMap<>();
  private final LongAdder bytes = new LongAdder();

  /** What a loop is to do: it is either run, on the loop, or given up. */
  interface Work extends Runnable {

    /** The loop is shut down. Any thread. */
    default void giveUp() {}
  }

  /** Work that was handed in holds so much memory more, or less if it is negative. */
  void hold(long more) {
    bytes.add(more);
  }

  /** How much memory work holds that was not done yet, in bytes, about. */
  long bytes() {
    return bytes.sum();
  }

  /** Has it run on the loop, after all that was handed in before. */
  void run(EventLoop loop, Work work) {
    LoopQueue queue = queues.get(loop);
    if (queue == null) {
      queue = queues.computeIfAbsent(loop, LoopQueue::new);
    }
    queue.run(work);
  }

  private static final class LoopQueue {
    /** How much is done in one go before the loop's other tasks. */
    private static final int SLICE = 1_024;

    private final EventLoop loop;
    private final Queue<Work> waiting = new ConcurrentLinkedQueue<>();

    /** Whether the loop has a task that will see what waits. */
    private final AtomicBoolean isExpected = new AtomicBoolean();

    /** The loop's only. */
    private boolean isWorking;

    LoopQueue(EventLoop loop) {
      this.loop = loop;
    }

    void run(Work work) {
      if (loop.inEventLoop() && !isWorking && waiting.isEmpty()) {
        carryOut(work);
        return;
      }
      waiting.add(work);
      expect();
    }

    /**
     * Sees to it that what waits is worked off. A loop that is shut down refuses a task, or may
     * take it and never run it; but it runs all that it took before.
     */
    private void expect() {
      if (!isExpected.get() && isExpected.compareAndSet(false, true)) {
        boolean isTaken = false;
        try {
          loop.execute(this::workOff);
          isTaken = true;
        } catch (RejectedExecutionException loopIsShutDown) {
          // What waits is given up below.
        } finally {
          if (!isTaken) { // whatever it has thrown, the next work asks again
            isExpected.set(false);
          }
        }
      }
      if (loop.isShutdown()) {
        giveUp();
      }
    }

    private void giveUp() {
      for (Work next = waiting.poll(); next != null; next = waiting.poll()) {
        next.giveUp();
      }
    }

    private void workOff() {
      isExpected.set(false);
      try {
        for (int i = 0; i < SLICE; i++) {
          Work next = waiting.poll();
          if (next == null) {
            return;
          }
          carryOut(next);
        }
      } finally {
        if (!waiting.isEmpty()) {
          expect();
        }
      }
    }

    private void carryOut(Work work) {
      isWorking = true;
      try {
        work.run();
      } finally {
        isWorking = false;
      }
    }
  }
}
