package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.TurnStateException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A message in the outbox of an open turn. The activation's monitor guards its fields. */
final class SentMessage implements Delivery {
  /** The delivery of a message to a connection that is closed already. */
  static final Delivery TO_NOBODY =
      () -> CompletableFuture.completedStage(Outcome.CONNECTION_CLOSED);

  private final Activation activation;
  private final long turn;
  private final int place;

  /** The outcome that the actor has asked for; null until it asks. */
  private @Nullable OutcomeStage<Outcome> outcome;

  /**
   * Creates the handle of a message of the open turn.
   *
   * @param turn the turn's number
   * @param place the place of the message in the turn's outbox
   */
  SentMessage(Activation activation, long turn, int place) {
    this.activation = activation;
    this.turn = turn;
    this.place = place;
  }

  @Override
  public CompletionStage<Outcome> outcome() {
    synchronized (activation) {
      OutcomeStage<Outcome> asked = outcome;
      if (asked == null) {
        Turn open = activation.turn();
        if (open.number() != turn) {
          throw new TurnStateException(
              TurnStateException.Why.OVER,
              "what becomes of a message can be asked only within the turn that sends it");
        }
        OutcomeStage<Outcome> stage = new OutcomeStage<>(activation, turn);
        open.report(
            place,
            to ->
                activation
                    .questions()
                    .askOutcome(activation.id(), to, stage, activation.executor()));
        asked = stage;
        outcome = stage;
      }
      return asked;
    }
  }

  /**
   * A stage that completes with the outcome of a message, after the turn that sends the message.
   * That turn must not wait for the stage, nor for a stage derived from it: the turn would wait
   * until its time limit.
   */
  static final class OutcomeStage<T> extends CompletableFuture<T> {
    private final Activation activation;
    private final long turn;

    OutcomeStage(Activation activation, long turn) {
      this.activation = activation;
      this.turn = turn;
    }

    /** Throws an exception if the turn that wants to wait is the one that sends the message. */
    void checkAwaitedBy(Turn waiting) {
      if (!isDone() && waiting.number() == turn) {
        throw new IllegalStateException(
            "a turn cannot wait for what becomes of its own messages: they leave when it ends");
      }
    }

    private void checkBlocks() {
      Turn blocked = activation.turnOfThisThread();
      if (blocked != null) {
        checkAwaitedBy(blocked);
      }
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new OutcomeStage<>(activation, turn);
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
      checkBlocks();
      return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit)
        throws InterruptedException, ExecutionException, TimeoutException {
      checkBlocks();
      return super.get(timeout, unit);
    }

    @Override
    public T join() {
      checkBlocks();
      return super.join();
    }
  }
}
