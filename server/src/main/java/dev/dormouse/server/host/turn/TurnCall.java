package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.spi.CallHandlers;
import dev.dormouse.server.host.call.CallTypes;
import dev.dormouse.server.protocol.CallRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A call that a handler answers. */
final class TurnCall {
  private final Activation activation;
  private final ActorType type;
  private final Call<?> call;
  private final CallHandlers.Handler handler;

  /**
   * Creates the call of the open turn.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the call cannot be decoded
   * @throws IllegalArgumentException if the actor's class does not handle it
   */
  TurnCall(Activation activation, ActorType type, CallRequest request) {
    this.activation = activation;
    this.type = type;
    Object decoded = type.codec().decode(request.call());
    CallHandlers.Handler known = type.calls().handler(decoded.getClass());
    if (known == null || !(decoded instanceof Call<?> made)) {
      throw new IllegalArgumentException(
          "actor type '%s' has no onCall for %s"
              .formatted(type.name(), decoded.getClass().getName()));
    }
    this.call = made;
    this.handler = known;
  }

  Call<?> call() {
    return call;
  }

  CallHandlers.Handler handler() {
    return handler;
  }

  /**
   * Answers the call with what the handler has returned. An answer that comes later keeps the open
   * turn open.
   */
  void answer(@Nullable Object returned) {
    if (returned instanceof CompletionStage<?> stage) {
      Turn turn = activation.turnFor(stage);
      CompletableFuture<@Nullable Object> known = new CompletableFuture<>();
      // The turn waits before the stage can call back, so that the callback belongs to the turn.
      turn.await(known.thenAccept(answer -> give(turn, answer)));
      stage.whenComplete(
          (answer, error) -> {
            if (error == null) {
              known.complete(answer);
            } else {
              known.completeExceptionally(error);
            }
          });
    } else {
      give(activation.turn(), returned);
    }
  }

  private void give(Turn turn, @Nullable Object answer) {
    synchronized (activation) {
      turn.check();
      turn.answerCall(CallTypes.encodeAnswer(type.codec(), answer));
    }
  }
}
