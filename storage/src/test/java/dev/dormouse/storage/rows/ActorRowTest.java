package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ActorRowTest {

  @Test
  @DisplayName(
      "An actor's row is read as it was written, and what later versions add is passed over")
  void isReadAsWritten() {
    ActorRow row = new ActorRow(3, Long.MAX_VALUE, 70_000, true);
    ActorRow without = new ActorRow(3, 1, 0);

    assertThat(ActorRow.decode(row.encode())).isEqualTo(row);
    assertThat(ActorRow.decode(without.encode())).isEqualTo(without);
    assertThat(without.mayHaveAutoReplies()).isFalse();
    assertThat(ActorRow.decode(Arrays.copyOf(row.encode(), 40))).isEqualTo(row);
    assertThat(ActorRow.decodeOrNone(null)).isEqualTo(ActorRow.NONE);
    assertThat(ActorRow.NONE.mayHaveAutoReplies()).isFalse();
  }

  @Test
  @DisplayName("A row of the first versions does not say whether there are automatic replies")
  void rowsWithoutFlagsAreRead() {
    byte[] old = Arrays.copyOf(new ActorRow(3, 2, 1).encode(), 20);

    assertThat(ActorRow.decode(old)).isEqualTo(new ActorRow(3, 2, 1, true));
  }

  @Test
  @DisplayName("A row that is too short is corrupt, and the error says by how much")
  void shortRowsAreCorrupt() {
    assertThatThrownBy(() -> ActorRow.decode(new byte[19]))
        .isInstanceOf(CorruptRowException.class)
        .hasMessageContaining("19 bytes of at least 20");
  }
}
