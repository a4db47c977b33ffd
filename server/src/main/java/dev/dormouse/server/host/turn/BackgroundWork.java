package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.observe.LogLabels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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
      if (others >= STAGES_MAX) {
        throw new LimitExceededException(
            "the number of pieces of background work of an actor", others + 1, STAGES_MAX);
      }
      begin(actor);
    }
    stage.whenComplete((result, error) -> ended(actor, error));
  }

  /**
   * Runs actions one after the other as a piece of background work, which {@link #STAGES_MAX} does
   * not count. A failure is logged, and the next action runs.
   */
  public void run(ActorId actor, Executor executor, List<Runnable> actions) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    begin(actor);
    var unused = done.whenComplete((nothing, error) -> ended(actor, error));
    try {
      executor.execute(
          () -> {
            for (Runnable action : actions) {
              runOne(actor, action);
            }
            done.complete(null);
          });
    } catch (RejectedExecutionException stopped) {
      done.completeExceptionally(stopped);
    }
  }

  private void runOne(ActorId actor, Runnable action) {
    Map<String, String> labels = LogLabels.put(actor, null);
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      failures.error("an action after a commit of actor {} failed", actor, e);
    } finally {
      LogLabels.restore(labels);
    }
  }

  private synchronized void begin(ActorId actor) {
    if (underWay.isEmpty()) {
      drained = new CompletableFuture<>();
    }
    underWay.merge(actor, 1, Integer::sum);
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
