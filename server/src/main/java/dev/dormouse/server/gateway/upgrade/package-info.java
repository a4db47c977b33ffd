/**
 * Upgrades, from the request to the 101: {@code HttpFront} takes the request, {@code Handshake}
 * decides whether it is a fit one, {@code PendingUpgrades} waits for the actor's answer, and {@code
 * ProtocolSwitch} makes the connection a socket.
 *
 * <p>Threads: an upgrade belongs to the event loop of its connection.
 */
@NullMarked
package dev.dormouse.server.gateway.upgrade;

import org.jspecify.annotations.NullMarked;
