package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorId;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AlarmRowTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final ActorId LOBBY = new ActorId("chat", "lobby");
  private static final AlarmRow FRESH = new AlarmRow(DueClock.WALL, 0x0102);
  private static final AlarmRow FAILED = new AlarmRow(DueClock.RUNNING, 1).failed(9).failed(16);

  @Test
  @DisplayName("The bytes of stored alarms never change")
  void theBytesOfStoredAlarmsNeverChange() {
    String fresh = "01" + "57" + "0000000000000102" + "00" + "0000000000000000";
    assertThat(HEX.formatHex(FRESH.encode())).isEqualTo(fresh);
    assertThat(AlarmRow.decode(HEX.parseHex(fresh))).isEqualTo(FRESH);
    String failed = "01" + "52" + "0000000000000001" + "02" + "0000000000000010";
    assertThat(HEX.formatHex(FAILED.encode())).isEqualTo(failed);
    assertThat(AlarmRow.decode(HEX.parseHex(failed))).isEqualTo(FAILED);
  }

  @Test
  @DisplayName("The bytes of a clock's mark never change")
  void markIsGolden() {
    ClockMark mark = new ClockMark(1, 0x0203, 0x0405);
    String hex = "0000000000000001" + "0000000000000203" + "0000000000000405";
    assertThat(HEX.formatHex(mark.encode())).isEqualTo(hex);
    assertThat(ClockMark.decode(HEX.parseHex(hex))).isEqualTo(mark);
    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> ClockMark.decode(new byte[23]));
  }

  @Test
  void anAlarmThatFailedOrWasPutOffStandsWhereItComesAgain() {
    assertThat(FRESH.place(LOBBY, "a")).isEqualTo(new DueAlarm(LOBBY, DueClock.WALL, 0x0102, "a"));
    assertThat(FRESH.putOff(7).place(LOBBY, "a"))
        .isEqualTo(new DueAlarm(LOBBY, DueClock.RUNNING, 7, "a"));
    assertThat(FRESH.putOff(7).failures()).isZero();
    assertThat(FAILED.place(LOBBY, "a")).isEqualTo(new DueAlarm(LOBBY, DueClock.RUNNING, 16, "a"));
  }

  @Test
  void bytesThatAreCutShortOrOfAnotherVersionOrClockAreCorrupt() {
    byte[] bytes = FRESH.encode();
    for (int length = 0; length < bytes.length; length++) {
      refused(Arrays.copyOf(bytes, length));
    }
    byte[] newer = bytes.clone();
    newer[0] = 2;
    refused(newer);
    byte[] otherClock = bytes.clone();
    otherClock[1] = 'X';
    refused(otherClock);
    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> DueAlarm.of(LOBBY, new byte[] {'W', 0}))
        .withMessage("actor chat/lobby, table DUE, key 5700 cannot be read");
  }

  @Test
  void anAlarmIsNotDueBeforeTheBeginningOfTime() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DueAlarm(LOBBY, DueClock.WALL, -1, "a"));
  }

  private static void refused(byte[] bytes) {
    assertThatExceptionOfType(CorruptRowException.class).isThrownBy(() -> AlarmRow.decode(bytes));
  }
}
