package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the last {@value #SAMPLES_MAX} samples of the node, about one a second. One thread at a
 * time takes samples; any thread reads them.
 */
final class NodeHistory {
  static final int SAMPLES_MAX = 300;
  static final Duration STEP = Duration.ofSeconds(1);

  /**
   * Holds one sample. Rates are per second, over the time since the sample before.
   *
   * @param sockets the number of open sockets
   * @param awake the number of actors in memory
   * @param heapBytes the used bytes of the heap
   * @param metered the values that are measured only while a person looks; null if nobody did
   */
  record Sample(
      long sockets,
      long awake,
      long heapBytes,
      double messagesInRate,
      double messagesOutRate,
      double wakesRate,
      @Nullable Metered metered) {}

  /**
   * Holds the values that are costly to measure.
   *
   * @param commits the number and duration of commits
   */
  record Metered(double upgradesRate, double turnsRate, TimeCounts.Counted commits) {}

  private record Totals(
      long atNs,
      boolean isMetered,
      long upgrades,
      long messagesIn,
      long messagesOut,
      long wakes,
      long turns) {
    double rate(Totals before, long now, long then) {
      return Math.max(0, now - then) * 1e9 / Math.max(1, atNs - before.atNs);
    }
  }

  private final Time time;
  private final RecentWakes wakes;
  private final NodeMeter meter;
  private final ArrayDeque<Sample> samples = new ArrayDeque<>();
  private @Nullable Totals last;

  NodeHistory(Time time, RecentWakes wakes, NodeMeter meter) {
    this.time = time;
    this.wakes = wakes;
    this.meter = meter;
  }

  /**
   * Takes a sample; the first call only begins the measurement.
   *
   * @param isMetered whether the meter listens
   */
  void sample(GatewayCounts counts, long awake, long heapBytes, boolean isMetered) {
    Totals now =
        new Totals(
            time.nowNs(),
            isMetered,
            meter.upgrades(),
            counts.messagesIn(),
            counts.messagesOut(),
            wakes.wakes(),
            meter.turns());
    TimeCounts.Counted commits = meter.commits().next();
    Totals before = last;
    last = now;
    if (before == null) {
      return;
    }
    Metered metered =
        isMetered && before.isMetered
            ? new Metered(
                now.rate(before, now.upgrades, before.upgrades),
                now.rate(before, now.turns, before.turns),
                commits)
            : null;
    Sample sample =
        new Sample(
            counts.sockets(),
            awake,
            heapBytes,
            now.rate(before, now.messagesIn, before.messagesIn),
            now.rate(before, now.messagesOut, before.messagesOut),
            now.rate(before, now.wakes, before.wakes),
            metered);
    synchronized (samples) {
      if (samples.size() == SAMPLES_MAX) {
        samples.removeFirst();
      }
      samples.addLast(sample);
    }
  }

  /** Returns the samples, the oldest first. */
  List<Sample> samples() {
    synchronized (samples) {
      return List.copyOf(samples);
    }
  }
}
