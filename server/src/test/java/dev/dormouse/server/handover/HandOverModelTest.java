package dev.dormouse.server.handover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Explores the model of the hand-over; the README beside this file explains it. */
@Tag("once") // the states are the same on every JVM
@ExtendWith(QuietHandOver.class)
class HandOverModelTest {
  private static final boolean IS_DEEP = Boolean.getBoolean("dormouse.model.deep");

  private static final int STATES_MAX = 20_000_000;

  @Test
  void everyPromiseHoldsInEveryState() {
    List<Scenario> scenarios = IS_DEEP ? Scenarios.deep() : Scenarios.ALL;
    long states = 0;
    long steps = 0;
    for (Scenario scenario : scenarios) {
      Explorer.Outcome outcome = Explorer.explore(scenario, null, STATES_MAX);
      assertThat(outcome.violation()).as("the promise that is broken, and the way there").isNull();
      assertThat(outcome.isWhole()).as("all states of '%s' are visited", scenario.name()).isTrue();
      states += outcome.states();
      steps += outcome.steps();
      System.out.printf("%s: %d states%n", scenario.name(), outcome.states());
    }
    System.out.printf(
        "states visited: %d (%d steps, %d scenarios)%n", states, steps, scenarios.size());
    assertThat(states).isGreaterThan(10_000);
  }
}
