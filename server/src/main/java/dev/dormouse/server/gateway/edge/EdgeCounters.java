package dev.dormouse.server.gateway.edge;

import java.util.concurrent.atomic.LongAdder;

/** The counters behind {@link EdgeCounts}. Any thread may use them. */
final class EdgeCounters {
  final LongAdder tlsFailed = new LongAdder();
  final LongAdder proxyHeadersRefused = new LongAdder();
}
