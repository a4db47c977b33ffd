package dev.dormouse.server.admin.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.gateway.edge.EdgeCounts;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the last minutes of a node, and the figures about its heap. */
class NodeHistoryTest {
  private static final ActorId LOBBY = new ActorId("room", "lobby");

  private final Clock time = new Clock();
  private final RecentWakes wakes = new RecentWakes(time);
  private final NodeMeter meter = new NodeMeter();
  private final NodeHistory history = new NodeHistory(time, wakes, meter);
  private final LiveHeap heap = new LiveHeap();

  private void sample(long messagesIn, boolean isMetered) {
    history.sample(
        new GatewayCounts(
            3,
            0,
            0,
            messagesIn,
            2 * messagesIn,
            Map.of(),
            Map.of(),
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            new EdgeCounts(0, 0, 0, 0)),
        2,
        1_000,
        isMetered);
  }

  private void turn(long commitNs) {
    meter.turnEnded(
        new TurnEnded(LOBBY, "message", null, 0, 0, commitNs, 0, TurnOutcome.COMMITTED));
  }

  @Test
  @DisplayName("Rates are by second, over the time since the sample before")
  void ratesAreBySecond() {
    sample(100, true);
    assertThat(history.samples()).isEmpty();
    wakes.actorActivated(new ActorActivated(LOBBY, "message", 1, 0));
    for (int i = 0; i < 4; i++) {
      turn(i == 0 ? 0 : TimeUnit.MILLISECONDS.toNanos(10));
    }
    time.advance(Duration.ofSeconds(2));
    sample(110, true);

    NodeHistory.Sample sample = history.samples().get(0);
    assertThat(sample.sockets()).isEqualTo(3);
    assertThat(sample.awake()).isEqualTo(2);
    assertThat(sample.messagesInRate()).isEqualTo(5);
    assertThat(sample.messagesOutRate()).isEqualTo(10);
    assertThat(sample.wakesRate()).isEqualTo(0.5);
    NodeHistory.Metered metered = sample.metered();
    assertThat(metered).isNotNull();
    assertThat(metered.turnsRate()).isEqualTo(2);
    assertThat(metered.commits().number()).isEqualTo(3);
    assertThat(metered.commits().medianMs()).isCloseTo(10, within(1.2));
  }

  @Test
  @DisplayName("A sample that was not measured all the while is not reported as zero")
  void whatWasNotMeasuredIsNotTold() {
    boolean[] isMetered = {false, false, true, true, false};
    for (boolean each : isMetered) {
      sample(0, each);
      time.advance(NodeHistory.STEP);
    }

    assertThat(history.samples())
        .extracting(sample -> sample.metered() != null)
        .containsExactly(false, false, true, false);
  }

  @Test
  @DisplayName("300 samples are kept")
  void aBoundedNumberIsKept() {
    for (int i = 0; i < 400; i++) {
      sample((long) i * i, false);
      time.advance(NodeHistory.STEP);
    }

    assertThat(history.samples()).hasSize(300);
    assertThat(history.samples().get(299).messagesInRate()).isEqualTo(399 * 399 - 398 * 398);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3, 17, 250, 4_000, 99_999, 12_345_678, 3_600_000_000L})
  @DisplayName("A time is told right to 12 %")
  void timesAreRightToAnEighth(long us) {
    TimeCounts counts = new TimeCounts();
    for (int i = 0; i < 98; i++) {
      counts.add(TimeUnit.MICROSECONDS.toNanos(us));
    }
    counts.add(TimeUnit.MICROSECONDS.toNanos(us) * 100);
    counts.add(TimeUnit.MICROSECONDS.toNanos(us) * 100);

    TimeCounts.Counted counted = counts.next();
    assertThat(counted.number()).isEqualTo(100);
    assertThat(counted.medianMs() * 1_000)
        .isCloseTo((double) us, within(Math.max(0.5, us * 0.125)));
    assertThat(counted.tailMs() * 1_000).isCloseTo(us * 100.0, within(Math.max(0.5, us * 12.5)));
    assertThat(counts.next()).isEqualTo(new TimeCounts.Counted(0, 0, 0));
  }

  @Test
  @DisplayName("A socket's memory is computed from two collections while nearly all slept")
  void whatASocketTakesIsToldOfSleepers() {
    heap.collected(9_000_000, 5_000, 51);
    assertThat(heap.afterBytes()).isEqualTo(9_000_000);
    assertThat(heap.baselineBytes()).as("too many awake").isNegative();
    assertThat(heap.baselineSockets()).isNegative();
    heap.collected(3_000_000, 200, 2);
    assertThat(heap.baselineBytes()).isEqualTo(3_000_000);
    assertThat(heap.perSocketBytes()).isNegative();
    heap.collected(3_500_000, 399, 0);
    assertThat(heap.perSocketBytes()).as("not twice as many").isNegative();
    heap.collected(3_500_000, 450, 0);
    assertThat(heap.perSocketBytes()).isEqualTo(2_000);

    heap.collected(2_000_000, 0, 0);
    assertThat(heap.baselineSockets()).isZero();
    heap.collected(5_000_000, 1_000, 10);
    assertThat(heap.perSocketBytes()).isEqualTo(3_000);
    heap.collected(5_000_000, 1_000, 11);
    assertThat(heap.perSocketBytes()).as("too many awake").isNegative();
    heap.collected(5_000_000, 99, 0);
    assertThat(heap.perSocketBytes()).as("too few sockets").isNegative();
    heap.collected(1_000_000, 1_000, 0);
    assertThat(heap.perSocketBytes()).as("less than the baseline").isNegative();
    heap.collected(1_500_000, 0, 1);
    assertThat(heap.baselineBytes()).as("one was in memory").isEqualTo(2_000_000);
    heap.collected(2_500_000, 0, 0);
    assertThat(heap.baselineBytes()).as("the later of two").isEqualTo(2_500_000);
  }

  @Test
  @DisplayName("A collection of this process is seen")
  void aCollectionIsSeen() {
    System.gc();
    heap.look(0, 0);

    assertThat(heap.afterBytes()).isPositive().isLessThan(Runtime.getRuntime().maxMemory());
    assertThat(heap.baselineBytes()).isEqualTo(heap.afterBytes());
  }
}
