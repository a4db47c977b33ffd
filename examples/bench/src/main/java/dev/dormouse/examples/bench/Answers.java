package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/** Reads the answers in which the actors of the examples describe themselves. */
final class Answers {
  private Answers() {}

  /**
   * Returns the number of the actor's activation that an answer states; -1 if the answer is empty.
   */
  static long activation(String answer) {
    return answer.isEmpty() ? -1 : new JsonObject(answer).getLong("activation");
  }

  /**
   * Checks that the actor woke exactly as often as expected between two answers.
   *
   * @param before the activation that the previous answer states; -1 if there was none
   * @param more how many activations lie between the two
   * @throws IllegalStateException if there were more or fewer activations
   */
  static void check(long before, String answer, int more) {
    long after = activation(answer);
    if (before != -1 && after - before != more) {
      throw new IllegalStateException(
          "%d activations lie between two answers, not %d".formatted(after - before, more));
    }
  }
}
