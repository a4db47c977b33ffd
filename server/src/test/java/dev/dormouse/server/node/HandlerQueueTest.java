package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HandlerQueueTest {
  private static final int TASKS = 100;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /**
   * The number of threads started; each worker has a thread of its own, as with virtual threads.
   */
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

  private HandlerQueue queue(Executor ordinary) {
    return new HandlerQueue(ordinary, null, loops, TASKS, () -> {});
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
    HandlerQueue virtual = queue(workers::add);
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
  void aWorkerThatIsAtWorkTakesTheTasksOfALoopOnlyWhenTheLoopHasBroughtThemAll() {
    List<Integer> ran = new ArrayList<>();
    List<Runnable> workers = new ArrayList<>();
    HandlerQueue queue = queue(workers::add);
    List<Integer> ranMeanwhile = new CopyOnWriteArrayList<>();
    loops
        .next()
        .submit(
            () -> {
              queue.execute(() -> ran.add(1));
              queue.execute(() -> ran.add(2));
              Thread other = new Thread(() -> queue.execute(() -> ran.add(3)));
              other.start();
              other.join();
              workers.remove(0).run();
              ranMeanwhile.addAll(ran);
              return null;
            })
        .syncUninterruptibly();
    loops.next().submit(() -> {}).syncUninterruptibly();

    assertThat(ranMeanwhile).containsExactly(3);
    while (!workers.isEmpty()) {
      workers.remove(0).run();
    }
    assertThat(ran).containsExactly(3, 1, 2);
  }

  @Test
  void theTasksOfALoopThatIsHeldUpAreBroughtByTheSecondLook() {
    List<Integer> ran = new CopyOnWriteArrayList<>();
    HandlerQueue queue = queue(Runnable::run);
    CountDownLatch isAdded = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    loops
        .next()
        .execute(
            () -> {
              queue.execute(() -> ran.add(1));
              isAdded.countDown();
              await(mayGoOn);
            });
    await(isAdded);

    queue.look(0);
    assertThat(ran).isEmpty();
    assertThat(queue.isIdle()).isFalse();
    queue.look(1);
    assertThat(ran).containsExactly(1);

    mayGoOn.countDown();
    loops.next().submit(() -> {}).syncUninterruptibly();
    assertThat(ran).containsExactly(1);
    assertThat(queue.isIdle()).isTrue();
  }

  @Test
  void whatComesFromElsewhereStartsAtOnce() {
    List<Thread> ranOn = new ArrayList<>();
    queue(Runnable::run).execute(() -> ranOn.add(Thread.currentThread()));
    assertThat(ranOn).containsExactly(Thread.currentThread());
  }

  @Test
  void noTaskWaitsForOneThatBlocks() {
    HandlerQueue virtual = queue(threads);
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
    HandlerQueue virtual = queue(threads);
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
    int tasks = 10 * HandlerQueue.SLICE;
    CountDownLatch areAllDone = new CountDownLatch(tasks);
    HandlerQueue virtual = queue(threads);
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
    assertThat(tasksOf.values()).allMatch(number -> number <= HandlerQueue.SLICE);
    assertThat(started).hasValueLessThan(tasks);
  }

  @Test
  void aTaskThatThrowsHoldsUpNone() {
    HandlerQueue virtual = queue(threads);
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
    HandlerQueue virtual = queue(threads);
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
  @DisplayName("F26: a thread that cannot be made is nobody's failure: the task waits for the next")
  void afterAThreadThatCouldNotBeMadeTheTaskWaitsForTheNextLook() {
    AtomicInteger failures = new AtomicInteger(1);
    List<Runnable> workers = new ArrayList<>();
    HandlerQueue queue =
        queue(
            worker -> {
              if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              workers.add(worker);
            });
    List<String> ran = new ArrayList<>();
    queue.execute(() -> ran.add("first"));
    queue.execute(() -> ran.add("second"));
    assertThat(workers).isEmpty();
    queue.look(0);
    queue.look(HandlerQueue.REFUSAL_NS - 1);
    assertThat(failures).as("one try for a while").hasValue(0);
    assertThat(queue.refusedThreads()).isEqualTo(1);
    queue.look(HandlerQueue.REFUSAL_NS);
    workers.get(0).run();
    assertThat(ran).containsExactly("first", "second");
  }

  @Test
  @DisplayName("F26: a thread that cannot be made leaves the tasks to those that there are")
  void whoeverIsAtWorkGoesOnWhenNoOtherThreadCanBeMade() {
    List<Runnable> workers = new ArrayList<>();
    HandlerQueue queue =
        queue(
            worker -> {
              if (!workers.isEmpty()) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              workers.add(worker);
            });
    AtomicInteger ran = new AtomicInteger();
    int tasks = 10 * HandlerQueue.SLICE;
    for (int i = 0; i < tasks; i++) {
      queue.execute(ran::incrementAndGet);
    }
    workers.get(0).run();
    assertThat(ran).hasValue(tasks);
  }

  @Test
  @DisplayName("A2: between two looks no more tasks begin than told besides those at work")
  void betweenTwoLooksNoMoreTasksBeginThanTold() {
    HandlerQueue queue = new HandlerQueue(threads, null, loops, 2, () -> {});
    CountDownLatch twoBegan = new CountDownLatch(2);
    CountDownLatch fourBegan = new CountDownLatch(4);
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger began = new AtomicInteger();
    for (int i = 0; i < TASKS; i++) {
      queue.execute(
          () -> {
            began.incrementAndGet();
            twoBegan.countDown();
            fourBegan.countDown();
            await(end);
          });
    }
    await(twoBegan);
    assertThat(started).hasValue(2);
    assertThat(began).hasValue(2);
    queue.look(1);
    await(fourBegan);
    assertThat(began).hasValue(4);
    end.countDown();
  }

  @Test
  @DisplayName("A5: tasks that virtual threads do not come to are taken by spare threads")
  void whileTheReadyWorkerDoesNotBeginSpareThreadsTakeTheTasks() {
    List<Runnable> heldUp = new ArrayList<>();
    List<String> ran = new ArrayList<>();
    HandlerQueue queue = new HandlerQueue(heldUp::add, Runnable::run, loops, TASKS, () -> {});
    queue.execute(() -> ran.add("first"));
    for (int look = 1; look < HandlerQueue.LOOKS_HELD_UP; look++) {
      assertThat(ran).isEmpty();
      assertThat(queue.look(look)).isFalse();
    }
    assertThat(queue.look(100)).isTrue();
    assertThat(ran).containsExactly("first");
    queue.execute(() -> ran.add("at once"));
    assertThat(ran).containsExactly("first", "at once");

    heldUp.remove(0).run();
    queue.execute(() -> ran.add("by the ordinary threads again"));
    assertThat(ran).hasSize(2);
    heldUp.remove(0).run();
    assertThat(ran).hasSize(3);
  }

  @Test
  @DisplayName("A5: while a worker is at a task, looks find out whether threads begin")
  void aWorkerIsMadeReadyToSeeWhetherItBeginsWhileOneIsAtWork() {
    List<Runnable> workers = new ArrayList<>();
    HandlerQueue queue = new HandlerQueue(workers::add, Runnable::run, loops, TASKS, () -> {});
    queue.execute(
        () -> {
          assertThat(queue.isIdle()).isFalse();
          for (int look = 0; look <= HandlerQueue.LOOKS_HELD_UP; look++) {
            queue.look(look);
          }
        });
    workers.remove(0).run();
    assertThat(workers).hasSize(1);
    assertThat(queue.look(100)).isTrue();
    workers.remove(0).run();
    assertThat(queue.look(101)).isFalse();
    assertThat(queue.isIdle()).isTrue();
  }

  @Test
  @DisplayName("A5: the age of the oldest task that waits is known")
  void howLongTheOldestTaskHasWaitedIsKnown() {
    List<Runnable> workers = new ArrayList<>();
    HandlerQueue queue = queue(workers::add);
    queue.look(1_000);
    assertThat(queue.oldestWaiting(2_000)).isZero();
    queue.execute(() -> {});
    queue.look(3_000);
    queue.execute(() -> {});
    queue.look(4_000);
    assertThat(queue.oldestWaiting(10_000)).isEqualTo(7_000);
    workers.remove(0).run();
    assertThat(queue.oldestWaiting(11_000)).isZero();
  }

  @Test
  @DisplayName("A11: what a task leaves behind on its thread is not found there by the next")
  @SuppressWarnings("ThreadPriorityCheck") // a handler may do so although it should not
  void aTaskFindsItsThreadAsItWas() {
    List<Runnable> workers = new ArrayList<>();
    HandlerQueue queue = queue(workers::add);
    Thread thread = Thread.currentThread();
    String name = thread.getName();
    ClassLoader classes = thread.getContextClassLoader();
    List<Object> found = new ArrayList<>();
    queue.execute(
        () -> {
          thread.interrupt();
          thread.setName("renamed");
          thread.setPriority(Thread.MAX_PRIORITY);
          thread.setContextClassLoader(null);
        });
    queue.execute(
        () -> {
          found.add(thread.isInterrupted());
          found.add(thread.getName());
          found.add(thread.getPriority());
          found.add(thread.getContextClassLoader());
        });
    workers.remove(0).run();
    assertThat(found).containsExactly(false, name, Thread.NORM_PRIORITY, classes);
  }

  @Test
  void whatComesAfterTheThreadsWereClosedHarmsNobody() {
    HandlerQueue closed =
        queue(
            worker -> {
              throw new RejectedExecutionException("closed");
            });
    closed.execute(() -> started.incrementAndGet());
    closed.execute(() -> started.incrementAndGet());
    assertThat(started).hasValue(0);
  }
}
