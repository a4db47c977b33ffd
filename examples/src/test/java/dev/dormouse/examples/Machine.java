package dev.dormouse.examples;

import org.junit.jupiter.api.Assumptions;

/** The machine that tests run on. */
final class Machine {
  private Machine() {}

  /** Ends a test for want of something: as passed over, in CI as failed. */
  static void lacks(String what) {
    if (Boolean.parseBoolean(System.getenv("CI"))) {
      throw new AssertionError(what);
    }
    Assumptions.abort(what);
  }
}
