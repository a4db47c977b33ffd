package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeldMarkTest {
  private static final long HOUR_MS = 3_600_000;
  private static final ClockMark MARK = new ClockMark(500, 10 * HOUR_MS, 7);

  @Test
  void aMarkOfTheSameMachineIsAsOldAsTheWallClockSaysAndNeverOfTheFuture() {
    HeldMark own = HeldMark.own(MARK);
    assertThat(own.isOwn()).isTrue();
    assertThat(own.runningMs(10 * HOUR_MS + 3_000)).isEqualTo(3_500);
    assertThat(own.runningMs(9 * HOUR_MS)).isEqualTo(500);
  }

  @Test
  void aMarkOfAnotherMachineIsAsOldAsItsArrivalWhateverTheWallClockSays() {
    HeldMark arrived = HeldMark.arrived(MARK, 3_000_000_000L);
    assertThat(arrived.isOwn()).isFalse();
    for (long hours : new long[] {9, 10, 11}) {
      assertThat(arrived.runningMs(hours * HOUR_MS)).isEqualTo(3_500);
    }
  }
}
