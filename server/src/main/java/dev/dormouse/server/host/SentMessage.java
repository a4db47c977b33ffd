package dev.dormouse.server.host;

import dev.dormouse.sdk.Delivery;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A message in the outbox of an open turn. Guarded by the activation's monitor. */
final class SentMessage implements Delivery {
  /** To a connection that is closed. */
  static final Delivery TO_NOBODY =
      () -> CompletableFuture.completedStage(Outcome.CONNECTION_CLOSED);

  private final Activation activation;
  private final long turn;
  private final int place;

  /** Null until somebody asks. */
  private @Nullable AskedStage<Outcome> outcome;

  /**
   * The message at a place of the open turn's outbox.
   *
   * @param turn the turn's number
   */
  SentMessage(Activation activation, long turn, int place) {
    this.activation = activation;
    this.turn = turn;
    this.place = place;
  }

  @Override
  public CompletionStage<Outcome> outcome() {
    synchronized (activation) {
      AskedStage<Outcome> asked = outcome;
      if (asked == null) {
        asked = activation.askOutcome(turn, place);
        outcome = asked;
      }
      return asked;
    }
  }
}
