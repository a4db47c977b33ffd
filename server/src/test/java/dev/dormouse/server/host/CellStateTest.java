package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CellStateTest {

  @Test
  void aCellMakesTheseMovesAndNoOthers() {
    Set<String> legal = new TreeSet<>();
    for (CellState from : CellState.values()) {
      for (CellState to : CellState.values()) {
        try {
          assertThat(from.to(to)).isEqualTo(to);
          legal.add(from + " > " + to);
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage("a cell cannot go from " + from + " to " + to);
        }
      }
    }
    assertThat(legal)
        .containsExactlyInAnyOrder(
            "COLD > ACTIVATING",
            "COLD > SETTLING",
            "ACTIVATING > IDLE",
            "ACTIVATING > COLD",
            "IDLE > BUSY",
            "IDLE > HIBERNATING",
            "IDLE > COLD",
            "BUSY > IDLE",
            "BUSY > COLD",
            "HIBERNATING > SETTLING",
            "HIBERNATING > COLD",
            "SETTLING > RETIRED",
            "SETTLING > COLD");
  }
}
