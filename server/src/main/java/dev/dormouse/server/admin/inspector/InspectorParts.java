package dev.dormouse.server.admin.inspector;

import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;

/** Holds the objects that all inspectors of a server share. */
record InspectorParts(
    Observers observers,
    Time time,
    ActorHost host,
    WebSocketGateway gateway,
    SocketUrls urls,
    Redaction redaction) {}
