package dev.dormouse.server.gateway;

import dev.dormouse.server.protocol.Time;
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
    InboundBudget inboundBudget) {}
