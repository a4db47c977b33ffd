package dev.dormouse.examples;

import org.junit.jupiter.api.Assumptions;

/** The machine that tests run on. */
final class Machine {
  private Machine() {}

  /** Ends a test because the machine lacks something: the test is skipped, but fails in CI. */
  static void lacks(String what) {
    if (Boolean.parseBoolean(System.getenv("CI"))) {
      throw new AssertionError(what);
    }
    Assumptions.abort(what);
  }
}
