/**
 * One turn: the event, the actor object in memory, what its handler may do by the SDK's interfaces
 * ({@code TurnStorage}, {@code TurnConnections}, {@code TurnAlarms} and others), and the writes and
 * messages that come of it. Begin with {@code Turn} and {@code Activation}.
 *
 * <p>Threads: a turn belongs to the thread that runs the handler; nothing here locks.
 */
@NullMarked
package dev.dormouse.server.host.turn;

import org.jspecify.annotations.NullMarked;
