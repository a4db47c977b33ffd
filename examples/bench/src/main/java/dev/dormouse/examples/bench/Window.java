package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The time in which is measured: how many messages came, after how long, and what the server spent
 * on them. One thread's only: the client's event loop, or one that waits for it.
 */
final class Window {
  private static final int DIGITS = 3;
  private static final double NS_PER_US = 1e3;

  private final long pid;
  private final Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(2), DIGITS);
  private boolean isOpen;
  private long count;

  /** How long it was open, and what the server spent in that time, before it was opened last. */
  private long ns;

  private long cpuNs;
  private long fromNs;
  private long fromCpuNs;

  Window(long pid) {
    this.pid = pid;
  }

  void open() {
    count = 0;
    ns = 0;
    cpuNs = 0;
    latencies.reset();
    resume();
  }

  /** What happens from here on does not count. */
  void suspend() {
    if (isOpen) {
      ns += System.nanoTime() - fromNs;
      cpuNs += Proc.cpuNs(pid) - fromCpuNs;
    }
    isOpen = false;
  }

  /** It does again. */
  void resume() {
    isOpen = true;
    fromCpuNs = Proc.cpuNs(pid);
    fromNs = System.nanoTime();
  }

  /** A message came, so long after it was sent, or should have been. */
  void record(long latencyNs) {
    if (isOpen) {
      count++;
      latencies.recordValue(Math.max(0, Math.min(latencyNs, latencies.getHighestTrackableValue())));
    }
  }

  /** Messages came whose latency does not matter. */
  void count(long messages) {
    if (isOpen) {
      count += messages;
    }
  }

  /** Ends it, and tells what there was. */
  JsonObject close() {
    suspend();
    double seconds = ns / 1e9;
    double cpuUs = cpuNs / NS_PER_US;
    return new JsonObject()
        .put("perSecond", count / seconds)
        .put("cpuUs", count == 0 ? 0 : cpuUs / count)
        .put("p50Us", latencies.getValueAtPercentile(50) / NS_PER_US)
        .put("p99Us", latencies.getValueAtPercentile(99) / NS_PER_US)
        .put("p999Us", latencies.getValueAtPercentile(99.9) / NS_PER_US)
        .put("maxUs", latencies.getMaxValue() / NS_PER_US);
  }
}
