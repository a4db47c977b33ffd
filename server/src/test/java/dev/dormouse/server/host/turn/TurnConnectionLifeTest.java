package dev.dormouse.server.host.turn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TurnConnectionLifeTest {

  @Test
  void aConnectionMakesTheseMovesAndNoOthers() {
    Set<String> legal = new TreeSet<>();
    for (TurnConnection.Life from : TurnConnection.Life.values()) {
      for (TurnConnection.Life to : TurnConnection.Life.values()) {
        try {
          assertThat(from.to(to)).isEqualTo(to);
          legal.add(from + " > " + to);
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage("a connection cannot go from " + from + " to " + to);
        }
      }
    }
    assertThat(legal).containsExactlyInAnyOrder("OPEN > CLOSING", "OPEN > GONE", "CLOSING > GONE");
  }
}
