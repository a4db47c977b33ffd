package dev.dormouse.server.gateway.edge;

import java.util.concurrent.atomic.LongAdder;

/** What is counted before the gateway, from any thread. */
final class EdgeCounters {
  final LongAdder tlsFailed = new LongAdder();
  final LongAdder proxyHeadersRefused = new LongAdder();
}
