package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;

/** What all sockets of a gateway share. */
record GatewayParts(
    GatewayOptions options,
    Transport transport,
    Time time,
    ConnectionGroups groups,
    LoopQueues loops,
    Counters counters,
    Heartbeats heartbeats,
    Admission admission,
    InboundBudget inboundBudget) {

  /** A message will not be written any more: its connection is gone, or going. Any thread. */
  void lost(ActorId actor, ConnectionId connection, long report) {
    counters.droppedOut.increment();
    delivered(actor, connection, report, Outcome.CONNECTION_CLOSED);
  }

  /** Tells the host what became of a message, if that was asked: not if it is 0. Any thread. */
  void delivered(ActorId actor, ConnectionId connection, long report, Outcome outcome) {
    if (report != 0) {
      transport.toHost(new ToHost.Delivered(actor, connection, report, outcome));
    }
  }
}
