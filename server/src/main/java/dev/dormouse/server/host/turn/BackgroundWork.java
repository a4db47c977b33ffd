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
 * The background work of actors: stages that no turn waits for. Only a stop of the host waits for
 * them. May be used from any thread.
 */
public final class BackgroundWork {
  /** The most pieces of background work of one actor that may be under way. */
  public static final int STAGES_MAX = 1_024;

  private final FailureLog failures;

  // Guarded by the monitor; any thread may read the future without it.
  private final Map<ActorId, Integer> underWay = new HashMap<>();
  private volatile CompletableFuture<Void> drained = CompletableFuture.completedFuture(null);

  /** Creates an empty set of background work; failures of pieces are logged. */
  public BackgroundWork(FailureLog failures) {
    this.failures = failures;
  }

  /**
   * Adds a piece of background work.
   *
   * @throws LimitExceededException if the actor has {@value #STAGES_MAX} pieces under way
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

  /** Returns a future that completes when no background work is under way. */
  public CompletableFuture<Void> drained() {
    return drained;
  }
}
