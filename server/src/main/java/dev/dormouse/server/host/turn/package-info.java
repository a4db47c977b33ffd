/**
 * Runs one turn: {@code Event} says what the turn is about, {@code Activation} holds the actor
 * object and calls its handler, and {@code Turn} collects what the handler writes and sends. The
 * handler uses the interfaces of the SDK, which {@code TurnStorage}, {@code TurnAlarms}, {@code
 * TurnConnections}, {@code TurnConnection}, {@code TurnUpgrade} and {@code TurnRequest} implement.
 * Begin with {@code Turn} and {@code Activation}.
 *
 * <p><b>Threads.</b> Handlers run on the executor of their actor type. Stages that a turn waits for
 * may complete on any thread, so that the monitor of {@code Activation} guards what handlers use,
 * and the monitor of {@code Turn} decides which thread ends the turn. {@code Questions}, {@code
 * BackgroundWork} and {@code UnsettledTurns} belong to the whole host and may be used by any
 * thread.
 */
@NullMarked
package dev.dormouse.server.host.turn;

import org.jspecify.annotations.NullMarked;
