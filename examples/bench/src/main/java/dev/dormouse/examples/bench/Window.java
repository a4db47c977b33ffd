package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The window of time in which the load client measures: the number of messages, their latencies,
 * and the server's expense. Only one thread uses it: the client's event loop, or one that waits for
 * that loop.
 */
final class Window {
  private static final int DIGITS = 3;
  private static final double NS_PER_US = 1e3;

  private final long pid;
  private final Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(2), DIGITS);
  private boolean isOpen;
  private long count;

  /**
   * The time for which the window was open before it was last opened; the fields below hold the
   * server's expense in that time.
   */
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

  /** Stops the measurement: nothing counts from here on. */
  void suspend() {
    if (isOpen) {
      ns += System.nanoTime() - fromNs;
      cpuNs += Proc.cpuNs(pid) - fromCpuNs;
    }
    isOpen = false;
  }

  /** Continues the measurement. */
  void resume() {
    isOpen = true;
    fromCpuNs = Proc.cpuNs(pid);
    fromNs = System.nanoTime();
  }

  /** Counts a message, with the time since it was sent or should have been sent. */
  void record(long latencyNs) {
    if (isOpen) {
      count++;
      latencies.recordValue(Math.max(0, Math.min(latencyNs, latencies.getHighestTrackableValue())));
    }
  }

  /** Counts messages whose latency does not matter. */
  void count(long messages) {
    if (isOpen) {
      count += messages;
    }
  }

  /** Ends the measurement and returns the results. */
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
