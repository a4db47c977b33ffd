package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ActorRowTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final ActorRow BARE = new ActorRow(3, 2);
  private static final ActorRow FULL =
      new ActorRow(3, Long.MAX_VALUE).with(258, 1).with(7, 70_000).written(3, 2, true);
  private static final String NUMBERS = "0000000000000003" + "0000000000000002";

  private static void assertIs(ActorRow row, String bytes) {
    assertThat(HEX.formatHex(row.encode())).isEqualTo(bytes);
    assertThat(ActorRow.decode(HEX.parseHex(bytes))).isEqualTo(row);
  }

  private static void assertCorrupt(byte[] bytes) {
    assertThatExceptionOfType(CorruptRowException.class)
        .as("%s", HEX.formatHex(bytes))
        .isThrownBy(() -> ActorRow.decode(bytes));
  }

  @Test
  void theBytesOfAStoredActorNeverChange() {
    assertIs(BARE, "0100" + NUMBERS);
    assertIs(
        FULL, "0101" + NUMBERS + "0000000000000007" + "00011170" + "0000000000000102" + "00000001");
    assertThat(ActorRow.decodeOrNone(null)).isEqualTo(ActorRow.NONE);
    assertThat(ActorRow.NONE.mayHaveAutoReplies()).isFalse();
  }

  @Test
  void theConnectionsOfEachGatewayAreCounted() {
    ActorRow one = BARE.with(7, 1);
    assertThat(one.connections()).isEqualTo(1);
    ActorRow two = one.with(7, 1).with(3, 1).with(9, 1);
    assertThat(two.gateways())
        .containsExactly(
            new ActorRow.Gateway(3, 1), new ActorRow.Gateway(7, 2), new ActorRow.Gateway(9, 1));
    assertThat(two.connections()).isEqualTo(4);
    assertThat(two.with(9, -1).with(3, -1).with(7, -1)).isEqualTo(one);
    assertThat(one.with(7, -1)).isEqualTo(BARE);
    assertThat(BARE.gateways()).isEmpty();
  }

  @Test
  void noNumberOfConnectionsFallsBelowOne() {
    ActorRow one = BARE.with(7, 1);
    assertThat(one.with(8, -1)).isEqualTo(one);
    assertThat(one.with(7, -2)).isEqualTo(BARE);
  }

  @Test
  void whatIsNoRowIsCorrupt() {
    byte[] bytes = FULL.encode();
    assertCorrupt(new byte[0]);
    for (int length = 0; length < bytes.length; length++) {
      if (length != 18 && length != 30) { // those are rows of fewer gateways
        assertCorrupt(Arrays.copyOf(bytes, length));
      }
    }
    for (String wrong :
        List.of(
            "0200" + NUMBERS,
            "0100" + NUMBERS + "0000000000000007" + "00000000",
            "0100" + NUMBERS + "0000000000000007" + "ffffffff",
            "0100" + NUMBERS + "ffffffffffffffff" + "00000001",
            HEX.formatHex(BARE.with(7, 1).encode()) + "0000000000000007" + "00000001")) {
      assertCorrupt(HEX.parseHex(wrong));
    }
  }
}
