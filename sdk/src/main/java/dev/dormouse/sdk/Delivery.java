package dev.dormouse.sdk;

import java.util.concurrent.CompletionStage;

/**
 * A message that was sent to a connection, for a sender that wants to know what becomes of it. Who
 * does not ask pays nothing.
 *
 * <pre>{@code
 * from.send(text).outcome().thenAccept(outcome -> metrics.count(outcome));
 * }</pre>
 */
public interface Delivery {

  /** What became of a message. */
  enum Outcome {
    /**
     * It was handed to the operating system, all of it. Whether the client has it nobody can tell
     * but the client.
     */
    WRITTEN,
    /** The client was too slow for it: {@link OutboundPolicy#DROP_OLDEST}. */
    DROPPED,
    /** A later one of the same key took its place: {@link OutboundPolicy#CONFLATE}. */
    CONFLATED,
    /** The connection was closed, or lost, before it was written. */
    CONNECTION_CLOSED,
    /** Its turn failed, or could not be stored: it was never sent. */
    TURN_DISCARDED
  }

  /**
   * Asks what becomes of the message; within the turn that sent it.
   *
   * <p>The stage completes once, after the turn, on the threads of the actor type ({@link
   * Threading}) but outside of any turn: what hangs on it may use neither the actor nor its
   * connections. It never fails. It lives with the process: nothing completes it if that dies.
   *
   * <p>Another turn may {@link WebSocketActor#waitFor wait for} it. The turn that sent the message
   * must not, nor for what is made of the stage by its own methods: the message leaves when the
   * turn ends. That is an {@link IllegalStateException}. (Hidden in {@code
   * CompletableFuture.allOf}, it is not noticed, and the turn ends by its limit.)
   *
   * @throws IllegalStateException if the turn that sent the message is over
   */
  CompletionStage<Outcome> outcome();
}
