package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.ActorId;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The rows of calls that were told. */
class TellRowsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final ActorId DEVICE = new ActorId("device", "ä1");
  private static final OutboxRow TOLD = new OutboxRow(DEVICE, "Do", new byte[] {7, 8});

  @Test
  void theBytesOfATellNeverChange() {
    assertThat(HEX.formatHex(TOLD.encode()))
        .isEqualTo("01" + "0006646576696365" + "0003c3a431" + "0002446f" + "0708");
    OutboxRow read = OutboxRow.decode(TOLD.encode());
    assertThat(read.target()).isEqualTo(DEVICE);
    assertThat(read.name()).isEqualTo("Do");
    assertThat(read.call()).containsExactly(7, 8);
    byte[] key = OutboxRow.key(0x0102, 0x0304);
    assertThat(HEX.formatHex(key)).isEqualTo("0000000000000102" + "0000000000000304");
    assertThat(OutboxRow.epochOf(key)).isEqualTo(0x0102);
    assertThat(OutboxRow.numberOf(key)).isEqualTo(0x0304);
  }

  @Test
  void theBytesOfASenderNeverChange() {
    InboxRow row = new InboxRow(258, 772);
    assertThat(HEX.formatHex(row.encode()))
        .isEqualTo("01" + "0000000000000102" + "0000000000000304");
    assertThat(InboxRow.decode(row.encode())).isEqualTo(row);
    assertThat(HEX.formatHex(InboxRow.key(DEVICE))).isEqualTo("06646576696365" + "c3a431");
    assertThat(InboxRow.senderOf(InboxRow.key(DEVICE))).isEqualTo(DEVICE);
  }

  @Test
  void whatIsNoRowIsCorrupt() {
    byte[] told = TOLD.encode();
    for (int length = 0; length < told.length - TOLD.call().length; length++) {
      byte[] cut = Arrays.copyOf(told, length);
      assertThatExceptionOfType(CorruptRowException.class)
          .as("cut to %d", length)
          .isThrownBy(() -> OutboxRow.decode(cut));
    }
    for (byte[] wrong : new byte[][] {{}, {1}, new byte[17], new byte[18]}) {
      assertThatExceptionOfType(CorruptRowException.class).isThrownBy(() -> InboxRow.decode(wrong));
    }
    for (byte[] wrong : new byte[][] {{}, {9, 'a'}, {0}}) {
      assertThatExceptionOfType(CorruptRowException.class)
          .isThrownBy(() -> InboxRow.senderOf(wrong));
    }
    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> OutboxRow.epochOf(new byte[15]));
  }
}
