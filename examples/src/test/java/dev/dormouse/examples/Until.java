package dev.dormouse.examples;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Waits for conditions that can only be found by asking again and again. */
final class Until {
  private static final int POLL_MS = 50;

  private Until() {}

  /**
   * Asks until the answer is yes. It fails with the exception of the question, or after a minute.
   */
  static void isTrue(Callable<Boolean> question) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    ScheduledExecutorService asking = Executors.newSingleThreadScheduledExecutor();
    try {
      var unused =
          asking.scheduleWithFixedDelay(
              () -> {
                try {
                  if (!done.isDone() && question.call()) {
                    done.complete(null);
                  }
                } catch (Exception | AssertionError e) {
                  done.completeExceptionally(e);
                }
              },
              0,
              POLL_MS,
              TimeUnit.MILLISECONDS);
      done.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } finally {
      asking.shutdownNow();
    }
  }
}
