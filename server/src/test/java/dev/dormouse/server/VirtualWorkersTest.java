package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VirtualWorkersTest {
  private static final int TASKS = 100;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /** A thread of its own for each worker, as with virtual ones; so many were started. */
  private final AtomicInteger started = new AtomicInteger();

  private final Executor threads =
      worker -> {
        started.incrementAndGet();
        Thread thread = new Thread(worker);
        thread.setUncaughtExceptionHandler((which, asked) -> {});
        thread.setDaemon(true);
        thread.start();
      };

  @AfterEach
  void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatALoopBringsInOneGoStartsWhenItIsThroughAndInOrder() {
    List<Integer> startedInLoop = new CopyOnWriteArrayList<>();
    List<Runnable> workers = new ArrayList<>();
    List<Integer> ran = new ArrayList<>();
    VirtualWorkers virtual = new VirtualWorkers(workers::add, loops);
    loops
        .next()
        .submit(
            () -> {
              for (int i = 0; i < TASKS; i++) {
                int number = i;
                virtual.execute(() -> ran.add(number));
              }
              startedInLoop.add(workers.size());
            })
        .syncUninterruptibly();
    loops.next().submit(() -> startedInLoop.add(workers.size())).syncUninterruptibly();
    assertThat(startedInLoop).containsExactly(0, 1);

    while (!workers.isEmpty()) {
      workers.remove(0).run();
    }
    assertThat(ran).hasSize(TASKS).isSorted();
  }

  @Test
  void whatComesFromElsewhereStartsAtOnce() {
    List<Thread> ranOn = new ArrayList<>();
    new VirtualWorkers(Runnable::run, loops).execute(() -> ranOn.add(Thread.currentThread()));
    assertThat(ranOn).containsExactly(Thread.currentThread());
  }

  @Test
  void noTaskWaitsForOneThatBlocks() {
    VirtualWorkers virtual = new VirtualWorkers(threads, loops);
    CountDownLatch isLastDone = new CountDownLatch(1);
    CountDownLatch areAllDone = new CountDownLatch(TASKS);
    loops
        .next()
        .execute(
            () -> {
              for (int i = 1; i < TASKS; i++) {
                virtual.execute(
                    () -> {
                      await(isLastDone);
                      areAllDone.countDown();
                    });
              }
              virtual.execute(
                  () -> {
                    isLastDone.countDown();
                    areAllDone.countDown();
                  });
            });
    await(areAllDone);
  }

  @Test
  void aTaskThatCameWhileTheOnlyWorkerBlocksIsRun() {
    VirtualWorkers virtual = new VirtualWorkers(threads, loops);
    CountDownLatch isBlocked = new CountDownLatch(1);
    CountDownLatch isFollowed = new CountDownLatch(1);
    CountDownLatch isDone = new CountDownLatch(1);
    virtual.execute(
        () -> {
          isBlocked.countDown();
          await(isFollowed);
          isDone.countDown();
        });
    await(isBlocked);
    virtual.execute(isFollowed::countDown);
    await(isDone);
  }

  @Test
  void aThreadRunsManyTasksButNotForEver() {
    ConcurrentHashMap<Thread, Integer> tasksOf = new ConcurrentHashMap<>();
    int tasks = 10 * VirtualWorkers.SLICE;
    CountDownLatch areAllDone = new CountDownLatch(tasks);
    VirtualWorkers virtual = new VirtualWorkers(threads, loops);
    loops
        .next()
        .execute(
            () -> {
              for (int i = 0; i < tasks; i++) {
                virtual.execute(
                    () -> {
                      tasksOf.merge(Thread.currentThread(), 1, Integer::sum);
                      areAllDone.countDown();
                    });
              }
            });
    await(areAllDone);
    assertThat(tasksOf.values()).allMatch(number -> number <= VirtualWorkers.SLICE);
    assertThat(started).hasValueLessThan(tasks);
  }

  @Test
  void aTaskThatThrowsHoldsUpNone() {
    VirtualWorkers virtual = new VirtualWorkers(threads, loops);
    CountDownLatch areOthersDone = new CountDownLatch(TASKS);
    loops
        .next()
        .execute(
            () -> {
              for (int i = 0; i < TASKS; i++) {
                virtual.execute(
                    () -> {
                      throw new IllegalStateException("as asked");
                    });
                virtual.execute(areOthersDone::countDown);
              }
            });
    await(areOthersDone);
  }

  @Test
  void noTaskIsForgottenHoweverManyThreadsBringThem() throws Exception {
    int bringers = 4;
    int each = 50_000;
    CountDownLatch areAllDone = new CountDownLatch(bringers * each);
    AtomicInteger ran = new AtomicInteger();
    VirtualWorkers virtual = new VirtualWorkers(threads, loops);
    for (int b = 0; b < bringers; b++) {
      threads.execute(
          () -> {
            for (int i = 0; i < each; i++) {
              CountDownLatch isDone = new CountDownLatch(1);
              virtual.execute(
                  () -> {
                    ran.incrementAndGet();
                    isDone.countDown();
                    areAllDone.countDown();
                  });
              if (i % 100 == 0) {
                await(isDone); // so that the queue runs empty now and then
              }
            }
          });
    }
    assertThat(areAllDone.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(ran).hasValue(bringers * each);
  }

  @Test
  void afterAThreadThatCouldNotBeStartedTheNextTaskStartsOneForBoth() {
    AtomicInteger failures = new AtomicInteger(1);
    List<Runnable> workers = new ArrayList<>();
    VirtualWorkers virtual =
        new VirtualWorkers(
            worker -> {
              if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("as asked");
              }
              workers.add(worker);
            },
            loops);
    List<String> ran = new ArrayList<>();
    assertThatThrownBy(() -> virtual.execute(() -> ran.add("first")))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(workers).isEmpty();
    virtual.execute(() -> ran.add("second"));
    workers.get(0).run();
    assertThat(ran).containsExactly("first", "second");
  }

  @Test
  void whatComesAfterTheThreadsWereClosedHarmsNobody() {
    VirtualWorkers closed =
        new VirtualWorkers(
            worker -> {
              throw new RejectedExecutionException("closed");
            },
            loops);
    closed.execute(() -> started.incrementAndGet());
    closed.execute(() -> started.incrementAndGet());
    assertThat(started).hasValue(0);
  }
}
