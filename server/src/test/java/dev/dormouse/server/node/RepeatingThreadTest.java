package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.protocol.Time;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kind3")
@Timeout(60)
class RepeatingThreadTest {
  private final BlockingQueue<Integer> begun = new LinkedBlockingQueue<>();

  private RepeatingThread started(Runnable work) {
    RepeatingThread thread =
        new RepeatingThread(
            "test",
            () -> {
              begun.add(1);
              work.run();
              return 1;
            },
            Time.system());
    thread.start();
    return thread;
  }

  private void awaitRound() throws InterruptedException {
    assertThat(begun.poll(30, TimeUnit.SECONDS)).as("a round").isNotNull();
  }

  @Test
  @DisplayName("kind 3: a thread of ours goes on, whatever it throws, and though it is interrupted")
  void whateverARoundThrowsTheNextOneComes() throws Exception {
    RepeatingThread thread =
        started(
            () -> {
              Thread.currentThread().interrupt();
              throw new NoClassDefFoundError("made up");
            });
    for (int i = 0; i < 5; i++) {
      awaitRound();
    }
    thread.close();
  }

  @Test
  @DisplayName("kind 3: the watchdog sees a round of a thread of ours that does not end")
  void aRoundThatDoesNotEndIsSeen() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    RepeatingThread thread =
        started(
            () -> {
              try {
                gate.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    awaitRound();
    assertThat(thread.look()).isEqualTo(new Watchdog.Look(true, 0, false));
    gate.countDown();
    awaitRound();
    assertThat(thread.look().moves()).isPositive();
    thread.close();
  }
}
