package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.observe.FailureLog;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What actors have begun and no turn waits for. A stop waits for it; nothing else does. Any thread.
 */
public final class BackgroundWork {
  /** The most pieces of one actor that may be under way. */
  public static final int STAGES_MAX = 1_024;

  private final FailureLog failures;

  // Guarded by the monitor; the future is read by anyone.
  private final Map<ActorId, Integer> underWay = new HashMap<>();
  private volatile CompletableFuture<Void> drained = CompletableFuture.completedFuture(null);

  public BackgroundWork(FailureLog failures) {
    this.failures = failures;
  }

  /**
   * Adds a piece.
   *
   * @throws LimitExceededException if the actor has {@value #STAGES_MAX} under way
   */
  void add(ActorId actor, CompletionStage<?> stage) {
    synchronized (this) {
      int others = underWay.getOrDefault(actor, 0);
      if (others == STAGES_MAX) {
        throw new LimitExceededException(
            "the number of pieces of background work of an actor", others + 1, STAGES_MAX);
      }
      if (underWay.isEmpty()) {
        drained = new CompletableFuture<>();
      }
      underWay.put(actor, others + 1);
    }
    stage.whenComplete((result, error) -> ended(actor, error));
  }

  private void ended(ActorId actor, @Nullable Throwable error) {
    if (error != null) {
      failures.error("background work of actor {} failed", actor, error);
    }
    boolean isLast;
    CompletableFuture<Void> waiting;
    synchronized (this) {
      underWay.computeIfPresent(actor, (key, pieces) -> pieces == 1 ? null : pieces - 1);
      isLast = underWay.isEmpty();
      waiting = drained;
    }
    if (isLast) {
      waiting.complete(null);
    }
  }

  /** Completes when none is under way. */
  public CompletableFuture<Void> drained() {
    return drained;
  }
}
