package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.gateway.GatewayCounts;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the node was during the last {@value #SAMPLES_MAX} samples, about one a second. Sampling: one
 * thread at a time. Reading: any thread.
 */
final class NodeHistory {
  static final int SAMPLES_MAX = 300;
  static final Duration STEP = Duration.ofSeconds(1);

  /**
   * One second of it. Rates are by second, over the time since the sample before.
   *
   * @param sockets how many were open
   * @param active how many actors were in memory
   * @param heapBytes how much of the heap was in use
   * @param metered what was only measured while somebody looked; null if nobody did
   */
  record Sample(
      long sockets,
      long active,
      long heapBytes,
      double messagesInRate,
      double messagesOutRate,
      double wakesRate,
      @Nullable Metered metered) {}

  /**
   * What costs something.
   *
   * @param commits how many commits took how long
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
   * Takes a sample; the first one only begins.
   *
   * @param isMetered whether the meter listens
   */
  void sample(GatewayCounts counts, long active, long heapBytes, boolean isMetered) {
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
            active,
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

  /** The samples, the oldest first. */
  List<Sample> samples() {
    synchronized (samples) {
      return List.copyOf(samples);
    }
  }
}
