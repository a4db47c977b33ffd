/**
 * Upgrades, from the request to the 101: {@code HttpFront} takes the request, {@code Handshake}
 * judges its head, {@code PendingUpgrades} keeps it until the actor has answered, and {@code
 * ProtocolSwitch} hands the connection to a socket. Begin with {@code HttpFront}.
 *
 * <p>Threads: an upgrade belongs to the event loop of its connection.
 */
@NullMarked
package dev.dormouse.server.gateway.upgrade;

import org.jspecify.annotations.NullMarked;
