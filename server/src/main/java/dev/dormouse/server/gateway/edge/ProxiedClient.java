package dev.dormouse.server.gateway.edge;

import java.net.InetAddress;

/**
 * An event in a connection's pipeline: a listed proxy has named the connection's client in a PROXY
 * header. It is fired before anything behind the header is read.
 *
 * @param address the client's address
 */
public record ProxiedClient(InetAddress address) {}
