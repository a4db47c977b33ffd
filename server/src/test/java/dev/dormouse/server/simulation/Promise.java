package dev.dormouse.server.simulation;

/**
 * The promises that the simulation checks: those of the README, and that nothing waits for ever.
 */
enum Promise {
  ONE_AT_A_TIME("1: one at a time, in order"),
  ATOMIC("2: a turn is atomic"),
  KEPT_FIRST("3: nothing is said before it is kept"),
  SLEEP("4: sleep changes nothing"),
  CLOSED_ONCE("5: every connection that was accepted is closed once"),
  BAD_HANDLER("6: a bad handler hurts itself"),
  LIMITS("7: everything has a limit"),
  LIVENESS("liveness: what waits is done in the end");

  private final String sentence;

  Promise(String sentence) {
    this.sentence = sentence;
  }

  @Override
  public String toString() {
    return "promise " + sentence;
  }
}
