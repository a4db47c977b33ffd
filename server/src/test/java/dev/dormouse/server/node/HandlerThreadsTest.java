package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Threading;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HandlerThreadsTest {
  private static final ActorId ACTOR = new ActorId("echo", "one");

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
  private final HandlerThreads threads = new HandlerThreads(loops, Time.system());
  private final EventLoop loop = loops.next();
  private final List<String> done = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    threads.close();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private Executor onLoop() {
    return loop.submit(() -> threads.of(Threading.EVENT_LOOP, ACTOR))
        .syncUninterruptibly()
        .getNow();
  }

  private void afterLoop(Runnable task) {
    loop.submit(task).syncUninterruptibly();
    loop.submit(() -> {}).syncUninterruptibly();
    loop.submit(() -> {}).syncUninterruptibly(); // and the tasks of the tasks that it started
  }

  @Test
  void anActorOfAnEventLoopRunsOnTheOneThatWokeIt() throws Exception {
    CompletableFuture<Boolean> isOnLoop = new CompletableFuture<>();
    onLoop().execute(() -> isOnLoop.complete(loop.inEventLoop()));
    assertThat(isOnLoop.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anActorThatMayBlockRunsOnNone() throws Exception {
    CompletableFuture<Boolean> isOnOne = new CompletableFuture<>();
    Executor executor = threads.of(Threading.MAY_BLOCK, ACTOR);
    loop.execute(
        () ->
            executor.execute(
                () -> {
                  boolean isOn = false;
                  for (var one : loops) {
                    isOn |= one.inEventLoop();
                  }
                  isOnOne.complete(isOn);
                }));
    assertThat(isOnOne.get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void whatALoopBringsInOneGoRunsWhenItIsThroughAndInOrder() {
    Executor executor = onLoop();
    afterLoop(
        () -> {
          executor.execute(() -> done.add("first"));
          executor.execute(() -> done.add("second"));
          done.add("loop");
        });
    assertThat(done).containsExactly("loop", "first", "second");
  }

  @Test
  void whatComesOfATaskRunsAfterIt() {
    Executor executor = onLoop();
    afterLoop(
        () ->
            executor.execute(
                () -> {
                  executor.execute(() -> done.add("inner"));
                  done.add("outer");
                }));
    assertThat(done).containsExactly("outer", "inner");
  }

  @Test
  void aTaskThatThrowsHoldsUpNone() {
    Executor executor = onLoop();
    afterLoop(
        () -> {
          executor.execute(
              () -> {
                throw new IllegalStateException("as asked");
              });
          executor.execute(() -> done.add("next"));
        });
    assertThat(done).containsExactly("next");
  }

  @Test
  void whatComesAfterTheEndIsGivenUpWithoutHarmToWhoBringsIt() {
    Executor blocking = threads.of(Threading.MAY_BLOCK, ACTOR);
    Executor ofLoop = onLoop();
    threads.close();
    afterLoop(() -> blocking.execute(() -> done.add("late, from a loop")));
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    blocking.execute(() -> done.add("late"));
    ofLoop.execute(() -> done.add("late, to a loop"));
    assertThat(done).isEmpty();
  }
}
