package dev.dormouse.server.host;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A stage that completes after the turn in which it was asked for. That turn must not wait for it,
 * nor for a stage made of it: it would do so until its limit.
 */
final class AskedStage<T> extends CompletableFuture<T> {
  private final Activation activation;
  private final long turn;

  AskedStage(Activation activation, long turn) {
    this.activation = activation;
    this.turn = turn;
  }

  /** Throws if the turn that wants to wait for it is the one that must not. */
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
    return new AskedStage<>(activation, turn);
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
