package dev.dormouse.server.gateway.edge;

import java.net.InetAddress;

/**
 * Fired through a connection's pipeline, before anything else is read, when a PROXY header of a
 * listed proxy has told whose connection it is.
 */
public record ProxiedClient(InetAddress address) {}
