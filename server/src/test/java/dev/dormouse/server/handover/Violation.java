package dev.dormouse.server.handover;

/** Says that a state of the model breaks a promise. */
final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1;

  Violation(String message) {
    super(message, null, false, false); // paths are told by steps, not by stack traces
  }

  static void check(boolean holds, String promise) {
    if (!holds) {
      throw new Violation(promise);
    }
  }
}
