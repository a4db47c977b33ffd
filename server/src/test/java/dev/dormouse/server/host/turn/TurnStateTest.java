package dev.dormouse.server.host.turn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TurnStateTest {

  @Test
  void aTurnMakesTheseMovesAndNoOthers() {
    Set<String> legal = new TreeSet<>();
    for (Turn.State from : Turn.State.values()) {
      for (Turn.State to : Turn.State.values()) {
        try {
          assertThat(from.to(to)).isEqualTo(to);
          legal.add(from + " > " + to);
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage("a turn cannot go from " + from + " to " + to);
        }
      }
    }
    assertThat(legal)
        .containsExactlyInAnyOrder(
            "RUNNING > AWAITING",
            "RUNNING > ENDED",
            "RUNNING > ABANDONED",
            "AWAITING > ENDED",
            "AWAITING > ABANDONED");
  }
}
