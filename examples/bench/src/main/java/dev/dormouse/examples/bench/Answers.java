package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/** What the actors of the examples say of themselves. */
final class Answers {
  private Answers() {}

  /** How often the actor was activated, by its answer; -1 if there is none. */
  static long activation(String answer) {
    return answer.isEmpty() ? -1 : new JsonObject(answer).getLong("activation");
  }

  /**
   * Looks whether there was a wake.
   *
   * @param before the activation of the answer before; -1 if there was none
   * @param more how many activations lie between the two
   * @throws IllegalStateException if there were more, or fewer
   */
  static void check(long before, String answer, int more) {
    long after = activation(answer);
    if (before != -1 && after - before != more) {
      throw new IllegalStateException(
          "%d activations lie between two answers, not %d".formatted(after - before, more));
    }
  }
}
