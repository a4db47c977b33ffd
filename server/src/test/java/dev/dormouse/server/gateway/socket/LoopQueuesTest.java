package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LoopQueuesTest {
  private final EventLoop loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()).next();
  private final LoopQueues queues = new LoopQueues(true);
  private final List<String> done = new ArrayList<>();

  @AfterEach
  void endLoop() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private List<String> doneAfter(Runnable first) {
    loop.submit(first).syncUninterruptibly();
    return loop.submit(() -> List.copyOf(done)).syncUninterruptibly().getNow();
  }

  @Test
  void workOfTheLoopItselfIsDoneAtOnce() {
    List<String> order =
        doneAfter(
            () -> {
              queues.run(loop, () -> done.add("work"));
              done.add("caller");
            });

    assertThat(order).containsExactly("work", "caller");
  }

  @Test
  void workThatCameFromAnotherThreadIsNotOvertakenByThatOfTheLoop() throws Exception {
    CountDownLatch isHandedIn = new CountDownLatch(1);
    Thread other =
        new Thread(
            () -> {
              queues.run(loop, () -> done.add("first"));
              isHandedIn.countDown();
            });

    List<String> order =
        doneAfter(
            () -> {
              other.start();
              try {
                assertThat(isHandedIn.await(10, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              queues.run(loop, () -> done.add("second"));
              done.add("caller");
            });

    other.join();
    assertThat(order).containsExactly("caller", "first", "second");
  }

  @Test
  void workThatComesOfWorkIsDoneAfterIt() {
    List<String> order =
        doneAfter(
            () ->
                queues.run(
                    loop,
                    () -> {
                      queues.run(loop, () -> done.add("inner"));
                      done.add("outer");
                    }));

    assertThat(order).containsExactly("outer", "inner");
  }

  @Test
  @DisplayName("kind 3: a loop that fails to take a task is asked again when the next work comes")
  void aLoopThatFailsToTakeATaskIsAskedAgain() throws Exception {
    AtomicBoolean isFailing = new AtomicBoolean(true);
    DefaultEventLoop faulty =
        new DefaultEventLoop() {
          @Override
          public void execute(Runnable task) {
            if (isFailing.get()) {
              throw new NoClassDefFoundError("made up");
            }
            super.execute(task);
          }
        };
    CountDownLatch both = new CountDownLatch(2);
    assertThatThrownBy(() -> queues.run(faulty, both::countDown))
        .isInstanceOf(NoClassDefFoundError.class);
    isFailing.set(false);
    queues.run(faulty, both::countDown);
    assertThat(both.await(10, TimeUnit.SECONDS)).isTrue();
    faulty.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void workThatThrowsHoldsUpNone() {
    loop.submit(
            () -> {
              try {
                queues.run(
                    loop,
                    () -> {
                      throw new IllegalStateException("as asked");
                    });
              } catch (IllegalStateException e) {
                done.add(e.getMessage());
              }
            })
        .syncUninterruptibly();

    assertThat(doneAfter(() -> queues.run(loop, () -> done.add("next"))))
        .containsExactly("as asked", "next");
  }

  @Test
  void workFromAnotherThreadThatThrowsHoldsUpNoneThatWaits() {
    loop.submit(
            () -> {
              Thread other =
                  new Thread(
                      () -> {
                        queues.run(
                            loop,
                            () -> {
                              throw new IllegalStateException("as asked");
                            });
                        queues.run(loop, () -> done.add("next"));
                      });
              other.start();
              try {
                other.join(10_000);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            })
        .syncUninterruptibly();

    assertThat(doneAfter(() -> {})).containsExactly("next");
  }

  @Test
  void whatIsHandedInAroundAShutdownIsRunOrGivenUp() throws Exception {
    AtomicInteger run = new AtomicInteger();
    AtomicInteger givenUp = new AtomicInteger();
    LoopQueues.Work counted =
        new LoopQueues.Work() {
          @Override
          public void run() {
            run.incrementAndGet();
          }

          @Override
          public void giveUp() {
            givenUp.incrementAndGet();
          }
        };
    AtomicInteger handedIn = new AtomicInteger();
    AtomicBoolean isEnough = new AtomicBoolean();
    List<Thread> others = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread other =
          new Thread(
              () -> {
                while (!isEnough.get()) {
                  queues.run(loop, counted);
                  handedIn.incrementAndGet();
                }
              });
      other.start();
      others.add(other);
    }
    loop.submit(() -> {}).syncUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    int before = handedIn.get();
    while (handedIn.get() < before + 1_000) {
      Thread.onSpinWait();
    }
    isEnough.set(true);
    for (Thread other : others) {
      other.join();
    }

    assertThat(run.get() + givenUp.get()).isEqualTo(handedIn.get());
    assertThat(givenUp.get()).isPositive();
  }
}
