package dev.dormouse.server.gateway.edge;

import java.util.concurrent.atomic.LongAdder;

/** The counters of what happens before the gateway. Any thread. */
final class EdgeCounters {
  final LongAdder tlsFailed = new LongAdder();
  final LongAdder proxyHeadersRefused = new LongAdder();
}
