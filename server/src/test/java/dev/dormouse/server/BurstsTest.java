package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BurstsTest {
  private static final int TASKS = 100;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  @AfterEach
  void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void whatALoopBringsInOneGoStartsTogetherAndInOrder() throws Exception {
    List<Integer> startedInLoop = new CopyOnWriteArrayList<>();
    List<Thread> starters = new CopyOnWriteArrayList<>();
    List<Integer> ran = new CopyOnWriteArrayList<>();
    CountDownLatch all = new CountDownLatch(TASKS);
    Bursts bursts =
        new Bursts(
            task -> {
              starters.add(Thread.currentThread());
              task.run();
            },
            loops);
    EventLoop loop = loops.next();
    loop.execute(
        () -> {
          for (int i = 0; i < TASKS; i++) {
            int number = i;
            bursts.execute(
                () -> {
                  ran.add(number);
                  all.countDown();
                });
          }
          startedInLoop.add(starters.size());
        });
    assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(startedInLoop).containsExactly(0);
    assertThat(starters).hasSize(TASKS + 1); // one starts them
    assertThat(ran).hasSize(TASKS).isSorted();
  }

  @Test
  void whatComesFromElsewhereStartsAtOnce() {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    new Bursts(Runnable::run, loops).execute(() -> threads.add(Thread.currentThread()));
    assertThat(threads).containsExactly(Thread.currentThread());
  }
}
