package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CellStateTest {

  @ParameterizedTest
  @EnumSource(CellState.class)
  void aRetiredCellStaysRetired(CellState next) {
    assertThatIllegalStateException().isThrownBy(() -> CellState.RETIRED.to(next));
  }

  @Test
  void anObjectIsMadeBeforeATurnIsOpen() {
    assertThat(CellState.COLD.to(CellState.ACTIVATING)).isEqualTo(CellState.ACTIVATING);
    assertThatIllegalStateException()
        .isThrownBy(() -> CellState.COLD.to(CellState.BUSY))
        .withMessage("a cell cannot go from COLD to BUSY");
  }
}
