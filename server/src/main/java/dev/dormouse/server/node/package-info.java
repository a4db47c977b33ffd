/**
 * One node: it wires gateway, host and store to each other and to the threads that they run on.
 * Begin with {@code Node}.
 *
 * <p>Its parts: {@code HttpListeners} opens the ports; {@code HandlerThreads} and {@code
 * HandlerQueue} run actors' handlers; {@code RepeatingThread} runs alarms and rounds; {@code
 * Watchdog} ends a process that does not move.
 */
@NullMarked
package dev.dormouse.server.node;

import org.jspecify.annotations.NullMarked;
