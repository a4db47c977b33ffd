package dev.dormouse.server.cluster.raft;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes the threads of the replicated log. All are daemons, and go when they have had no work. */
final class RaftThreads {
  private static final long IDLE_S = 30;

  private RaftThreads() {}

  /** Returns a pool of at most so many threads, with a queue that has no bound. */
  static ThreadPoolExecutor pool(String name, int threads) {
    AtomicInteger numbers = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_S,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name + "-" + numbers.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
