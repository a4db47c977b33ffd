package dev.dormouse.server.gateway;

import io.netty.channel.EventLoop;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Brings work to event loops, in the order in which it comes: a loop has one task for all that
 * waits. Work that comes on the loop itself while none waits is done at once.
 *
 * <p>Any thread.
 */
final class LoopQueues {
  private final ConcurrentHashMap<EventLoop, LoopQueue> queues = new ConcurrentHashMap<>();

  /**
   * Has it run on the loop, after all that was handed in before.
   *
   * @throws RejectedExecutionException if the loop is shut down
   */
  void run(EventLoop loop, Runnable work) {
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
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    /** Whether the loop has a task that will see what waits. */
    private final AtomicBoolean isExpected = new AtomicBoolean();

    /** The loop's only. */
    private boolean isWorking;

    LoopQueue(EventLoop loop) {
      this.loop = loop;
    }

    void run(Runnable work) {
      if (loop.inEventLoop() && !isWorking && waiting.isEmpty()) {
        carryOut(work);
        return;
      }
      waiting.add(work);
      try {
        expect();
      } catch (RejectedExecutionException e) {
        waiting.remove(work);
        throw e;
      }
    }

    private void expect() {
      if (isExpected.get() || !isExpected.compareAndSet(false, true)) {
        return;
      }
      try {
        loop.execute(this::workOff);
      } catch (RejectedExecutionException e) {
        isExpected.set(false);
        throw e;
      }
    }

    private void workOff() {
      isExpected.set(false);
      try {
        for (int i = 0; i < SLICE; i++) {
          Runnable next = waiting.poll();
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

    private void carryOut(Runnable work) {
      isWorking = true;
      try {
        work.run();
      } finally {
        isWorking = false;
      }
    }
  }
}
