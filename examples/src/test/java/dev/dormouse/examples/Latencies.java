package dev.dormouse.examples;

import java.util.List;
import java.util.Locale;

/** Sums up how long something took, over many times. */
record Latencies(int count, double p50Ms, double p99Ms, double maxMs) {

  static Latencies of(List<Long> tookNs) {
    List<Long> sorted = tookNs.stream().sorted().toList();
    return new Latencies(sorted.size(), at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1));
  }

  private static double at(List<Long> sorted, double part) {
    int index = (int) Math.ceil(part * sorted.size()) - 1;
    return sorted.get(Math.max(0, index)) / 1e6;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%d times, p50 %.2f ms, p99 %.2f ms, max %.2f ms", count, p50Ms, p99Ms, maxMs);
  }
}
