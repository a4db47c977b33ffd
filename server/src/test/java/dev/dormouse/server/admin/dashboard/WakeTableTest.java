package dev.dormouse.server.admin.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.dashboard.RecentWakes.Wake;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WakeTableTest {
  private static final int PLACES = 8_192;

  private final WakeTable table = new WakeTable(PLACES);

  private static ActorId room(int number) {
    return new ActorId("room", "a" + number);
  }

  private static Wake at(long ms) {
    return new Wake(ms, ms % 2 == 0 ? "message" : "alarm", 5 * ms);
  }

  @Test
  @DisplayName("Each of as many actors as a quarter of the places has its own last wake")
  void fewActorsAreAllRemembered() {
    List<Integer> rooms = IntStream.range(0, PLACES / 4).boxed().toList();
    for (int round = 0; round < 3; round++) {
      for (int room : rooms) {
        table.woke(room(room), at(1_000L * round + room));
      }
    }

    List<Integer> right =
        rooms.stream().filter(room -> at(2_000L + room).equals(table.of(room(room)))).toList();
    assertThat(right).hasSizeGreaterThan(rooms.size() - 10);
    assertThat(table.of(room(PLACES))).as("it never woke").isNull();
  }

  @Test
  @DisplayName("The actors that woke last are remembered if there are more than places")
  void theLastOnesAreRemembered() {
    int number = 20 * PLACES;
    for (int room = 0; room < number; room++) {
      table.woke(room(room), at(room));
    }

    long remembered =
        IntStream.range(0, number).filter(room -> table.of(room(room)) != null).count();
    assertThat(remembered).isEqualTo(PLACES);
    List<Integer> last = IntStream.range(number - PLACES / 4, number).boxed().toList();
    assertThat(last.stream().filter(room -> at(room).equals(table.of(room(room)))).toList())
        .hasSizeGreaterThan(last.size() - 10);
    assertThat(IntStream.range(0, PLACES).filter(room -> table.of(room(room)) != null)).isEmpty();
  }

  @Test
  @DisplayName("Actors of one hash have a wake each")
  void actorsOfOneHashAreToldApart() {
    ActorId one = new ActorId("room", "Aa");
    ActorId other = new ActorId("room", "BB");
    assertThat(one).hasSameHashCodeAs(other);
    table.woke(one, at(1));
    table.woke(other, at(2));

    assertThat(table.of(one)).isEqualTo(at(1));
    assertThat(table.of(other)).isEqualTo(at(2));
  }
}
