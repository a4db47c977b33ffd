package dev.dormouse.server.gateway;

import java.util.concurrent.atomic.LongAdder;

/** What is counted, from any thread. Read as {@link GatewayCounts}, which explains each. */
final class Counters {
  final LongAdder messagesIn = new LongAdder();
  final LongAdder messagesOut = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder droppedIn = new LongAdder();
  final LongAdder droppedOut = new LongAdder();
  final LongAdder slowClosed = new LongAdder();
  final LongAdder pings = new LongAdder();
  final LongAdder silentDropped = new LongAdder();
  final LongAdder pongs = new LongAdder();

  GatewayCounts read(long sockets, long upgrades) {
    return new GatewayCounts(
        sockets,
        upgrades,
        messagesIn.sum(),
        messagesOut.sum(),
        refused.sum(),
        droppedIn.sum(),
        droppedOut.sum(),
        slowClosed.sum(),
        pings.sum(),
        silentDropped.sum(),
        pongs.sum());
  }
}
