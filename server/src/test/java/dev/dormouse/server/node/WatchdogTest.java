package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.DefaultEventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks the watchdog's conclusions from what it sees; the test sets the time. */
@Tag("kind3")
@Timeout(60)
class WatchdogTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final long HALF_SECOND_NS = 500_000_000;

  private final HandTime time = new HandTime();
  private final List<ProcessEnd> ends = new ArrayList<>();
  private final HandPart part = new HandPart();
  private final Watchdog watchdog = watchdog(part, LIMIT);

  private Watchdog watchdog(Watchdog.Part watched, Duration limit) {
    return new Watchdog(List.of(watched), new ClassPathWatch(""), limit, time, ends::add);
  }

  private static final class HandTime implements Time {
    long nowNs;

    @Override
    public long nowNs() {
      return nowNs;
    }

    @Override
    public long wallMs() {
      return 0;
    }
  }

  private static final class HandPart implements Watchdog.Part {
    Watchdog.Look look = new Watchdog.Look(false, 0, false);

    @Override
    public String kind() {
      return "hand";
    }

    @Override
    public String name() {
      return "the hand";
    }

    @Override
    public Watchdog.Look look() {
      return look;
    }

    @Override
    public @Nullable Thread thread() {
      return Thread.currentThread();
    }
  }

  private void lookFor(Watchdog watching, Duration duration) {
    lookFor(watching, duration, () -> {});
  }

  private void lookFor(Watchdog watching, Duration duration, Runnable meanwhile) {
    for (long ns = 0; ns < duration.toNanos(); ns += HALF_SECOND_NS) {
      time.nowNs += HALF_SECOND_NS;
      meanwhile.run();
      watching.look(time.nowNs);
    }
  }

  @Test
  @DisplayName("kind 3: a part that does not move is named after 5 s, and not once it moves again")
  void aPartThatDoesNotMoveMakesTheServerNotReady() {
    part.look = new Watchdog.Look(true, 7, false);
    lookFor(watchdog, Duration.ofSeconds(5));
    assertThat(watchdog.stalled()).isNull();
    lookFor(watchdog, Duration.ofSeconds(2));
    assertThat(watchdog.stalled()).matches("the hand has not moved for [67] s");
    assertThat(watchdog.stillNsByKind().get("hand")).isGreaterThan(5_000_000_000L);
    part.look = new Watchdog.Look(true, 8, false);
    lookFor(watchdog, Duration.ofSeconds(1));
    assertThat(watchdog.stalled()).isNull();
    assertThat(ends).isEmpty();
  }

  @Test
  @DisplayName("kind 3: a part that does not move for the limit ends the process with 75")
  void aPartThatNeverMovesEndsTheProcess() {
    part.look = new Watchdog.Look(true, 7, false);
    lookFor(watchdog, LIMIT);
    assertThat(ends).isEmpty();
    lookFor(watchdog, Duration.ofSeconds(1));
    assertThat(ends.get(0).exitCode()).isEqualTo(ProcessEnd.STALLED);
    assertThat(ends.get(0).why()).startsWith("the hand has not moved for 60 s (--stall-exit)");
  }

  @Test
  void withoutALimitNothingEndsTheProcessAndIdlePartsNeverDo() {
    Watchdog patient = watchdog(part, Duration.ZERO);
    part.look = new Watchdog.Look(true, 7, false);
    lookFor(patient, LIMIT.multipliedBy(3));
    assertThat(patient.stalled()).isNotNull();
    part.look = new Watchdog.Look(false, 7, false);
    lookFor(watchdog, LIMIT.multipliedBy(3));
    assertThat(watchdog.stalled()).isNull();
    assertThat(ends).isEmpty();
  }

  @Test
  @DisplayName("kind 3: time in which the watchdog did not run itself does not count")
  void aProcessThatWasSuspendedIsNotStuck() {
    part.look = new Watchdog.Look(true, 7, false);
    lookFor(watchdog, Duration.ofSeconds(2));
    for (int i = 0; i < 3; i++) {
      time.nowNs += Duration.ofHours(8).toNanos();
      watchdog.look(time.nowNs);
    }
    assertThat(watchdog.stalled()).isNull();
    assertThat(ends).isEmpty();
  }

  @Test
  @DisplayName("kind 3: a process that does little but collect garbage is not ready, then ends")
  void aProcessThatOnlyCollectsGarbageEnds() {
    AtomicLong collectionMs = new AtomicLong();
    Watchdog.HeapPart heap = new Watchdog.HeapPart(time, collectionMs::get);
    Watchdog ofHeap = watchdog(heap, LIMIT);
    lookFor(ofHeap, Duration.ofSeconds(10), () -> collectionMs.addAndGet(400));
    assertThat(ofHeap.stalled()).isNull();
    lookFor(ofHeap, Duration.ofSeconds(7), () -> collectionMs.addAndGet(480));
    assertThat(ofHeap.stalled()).contains("collecting garbage").contains("(-Xmx)");
    lookFor(ofHeap, Duration.ofSeconds(1), () -> collectionMs.addAndGet(100));
    assertThat(ofHeap.stalled()).isNull();
    assertThat(ends).isEmpty();
    lookFor(ofHeap, LIMIT.plusSeconds(1), () -> collectionMs.addAndGet(480));
    assertThat(ends.get(0).exitCode()).isEqualTo(ProcessEnd.STALLED);
  }

  @Test
  @DisplayName("F44: an event loop that has ended ends the process with 70, and not while it stops")
  void anEventLoopThatHasEndedEndsTheProcess() {
    DefaultEventLoop loop = new DefaultEventLoop();
    Watchdog ofLoop = watchdog(new Watchdog.LoopPart(loop, "event_loop"), LIMIT);
    lookFor(ofLoop, Duration.ofSeconds(2));
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    lookFor(ofLoop, Duration.ofMillis(500));
    assertThat(ends).hasSize(1);
    assertThat(ends.get(0).exitCode()).isEqualTo(ProcessEnd.FAILED);
    assertThat(ends.get(0).why()).contains("the event loop ").contains("has ended");
    ofLoop.partsAreStopping();
    lookFor(ofLoop, Duration.ofSeconds(2));
    assertThat(ends).hasSize(1);
  }

  @Test
  @DisplayName("kind 3: an event loop moves when it runs what it is given")
  void anEventLoopThatIsHeldUpDoesNotMove() throws Exception {
    DefaultEventLoop loop = new DefaultEventLoop();
    CountDownLatch gate = new CountDownLatch(1);
    try {
      Watchdog.LoopPart held = new Watchdog.LoopPart(loop, "event_loop");
      assertThat(held.look()).isEqualTo(new Watchdog.Look(false, 0, false));
      loop.submit(() -> {}).sync();
      loop.execute(
          () -> {
            try {
              gate.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      assertThat(held.look()).isEqualTo(new Watchdog.Look(false, 1, false));
      assertThat(held.look()).isEqualTo(new Watchdog.Look(true, 1, false));
      assertThat(held.thread()).isNotNull();
      gate.countDown();
      loop.submit(() -> {}).sync();
      assertThat(held.look()).isEqualTo(new Watchdog.Look(false, 2, false));
    } finally {
      gate.countDown();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  @DisplayName("kind 3: a stop that takes longer than it may ends the process with 75")
  void aStopIsBoundedByTheClock() {
    watchdog.endWithin(Duration.ofSeconds(14));
    watchdog.partsAreStopping();
    watchdog.close(); // the process has not ended yet
    lookFor(watchdog, Duration.ofMillis(13_500));
    assertThat(ends).isEmpty();
    lookFor(watchdog, Duration.ofMillis(500));
    assertThat(ends).hasSize(1);
    assertThat(ends.get(0).exitCode()).isEqualTo(ProcessEnd.STALLED);
    assertThat(ends.get(0).why()).startsWith("the stop took too long");
  }
}
