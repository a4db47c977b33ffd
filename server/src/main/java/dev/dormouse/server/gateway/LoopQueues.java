package dev.dormouse.server.gateway;

import io.netty.channel.EventLoop;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Brings work to event loops, in the order in which it comes. Work that comes on the loop itself
 * while none waits is done at once, without the way through the loop's queue.
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
    private final EventLoop loop;

    /** How much is waiting or being done. */
    private final AtomicInteger unfinished = new AtomicInteger();

    LoopQueue(EventLoop loop) {
      this.loop = loop;
    }

    void run(Runnable work) {
      if (loop.inEventLoop() && unfinished.compareAndSet(0, 1)) {
        finish(work);
        return;
      }
      unfinished.incrementAndGet();
      try {
        loop.execute(() -> finish(work));
      } catch (RejectedExecutionException e) {
        unfinished.decrementAndGet();
        throw e;
      }
    }

    private void finish(Runnable work) {
      try {
        work.run();
      } finally {
        unfinished.decrementAndGet();
      }
    }
  }
}
