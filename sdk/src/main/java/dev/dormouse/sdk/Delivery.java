package dev.dormouse.sdk;

import java.util.concurrent.CompletionStage;

/**
 * The way of one message to a connection, for a sender that wants to know its outcome. A sender
 * that does not ask pays nothing.
 *
 * <pre>{@code
 * from.send(text).outcome().thenAccept(outcome -> metrics.count(outcome));
 * }</pre>
 */
public interface Delivery {

  /** The outcome of a message. */
  enum Outcome {
    /**
     * The whole message was handed to the operating system. Only the client can tell whether it has
     * the message.
     */
    WRITTEN,
    /** The client was too slow for the message: {@link OutboundPolicy#DROP_OLDEST}. */
    DROPPED,
    /** A later message with the same key took its place: {@link OutboundPolicy#CONFLATE}. */
    CONFLATED,
    /** The connection was closed or lost before the message was written. */
    CONNECTION_CLOSED,
    /** The turn failed or could not be stored, so the message was never sent. */
    TURN_DISCARDED
  }

  /**
   * Asks for the outcome of the message, within the turn that sent it.
   *
   * <p>The stage completes once, after the turn, on the threads of the actor type ({@link
   * Threading}) but outside of any turn: dependent stages may use neither the actor nor its
   * connections. It never fails, but is lost with the process.
   *
   * <p>Another turn may {@link WebSocketActor#waitFor wait for} it. The turn that sent the message
   * must not wait for it, nor for stages that its methods return, because the message leaves when
   * the turn ends: {@code waitFor} throws an {@link IllegalStateException} then. Inside {@code
   * CompletableFuture.allOf} the mistake is not noticed, and the turn ends at its time limit.
   *
   * @throws TurnStateException if the turn that sent the message is over
   */
  CompletionStage<Outcome> outcome();
}
