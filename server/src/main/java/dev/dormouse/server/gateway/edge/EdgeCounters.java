package dev.dormouse.server.gateway.edge;

import dev.dormouse.server.observe.Observers;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Counts the connections that failed before HTTP, behind {@link EdgeCounts}, and tells observers of
 * clients that were turned away. Any thread may use it.
 */
final class EdgeCounters {
  final LongAdder tlsFailed = new LongAdder();
  final LongAdder proxyHeadersRefused = new LongAdder();
  private final Observers observers;

  EdgeCounters(Observers observers) {
    this.observers = observers;
  }

  /**
   * Counts a connection without a TLS handshake.
   *
   * @param outcome the consequence for the client; null if the client itself has gone
   */
  void tlsFailed(@Nullable String outcome) {
    tlsFailed.increment();
    if (outcome != null) {
      observers.limitHit("tls-handshake", outcome, null, null);
    }
  }

  /**
   * Counts a connection with a bad PROXY header, or without one.
   *
   * @param outcome the consequence for the client
   */
  void proxyHeaderRefused(String outcome) {
    proxyHeadersRefused.increment();
    observers.limitHit("proxy-header", outcome, null, null);
  }
}
