package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.AutoReply;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AutoRepliesRowTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final AutoRepliesRow TWO =
      new AutoRepliesRow(List.of(new AutoReply("ping", "pong"), new AutoReply("Ä", "")));
  private static final String GOLDEN =
      "01" + "02" + "0004" + "70696e67" + "0004" + "706f6e67" + "0002" + "c384" + "0000";

  @Test
  @DisplayName("The bytes of stored automatic replies never change")
  void theBytesOfStoredAutomaticRepliesNeverChange() {
    assertThat(HEX.formatHex(TWO.encode())).isEqualTo(GOLDEN);
    assertThat(AutoRepliesRow.decodeOrNone(HEX.parseHex(GOLDEN))).isEqualTo(TWO);
    assertThat(HEX.formatHex(AutoRepliesRow.key())).isEqualTo("52");
  }

  @Test
  void noRowIsNoReplies() {
    assertThat(AutoRepliesRow.decodeOrNone(null).replies()).isEmpty();
  }

  @Test
  void theLargestRowIsReadBack() {
    String longest = "€".repeat(ActorOptions.AUTO_REPLY_BYTES_CEILING / 3) + "xx";
    AutoRepliesRow row =
        new AutoRepliesRow(
            Collections.nCopies(
                ActorOptions.AUTO_REPLIES_CEILING, new AutoReply(longest, longest)));
    assertThat(AutoRepliesRow.decodeOrNone(row.encode())).isEqualTo(row);
  }

  @Test
  void bytesThatAreCutShortOrOfAnotherVersionAreCorrupt() {
    byte[] bytes = TWO.encode();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatExceptionOfType(CorruptRowException.class)
          .as("cut to %d", length)
          .isThrownBy(() -> AutoRepliesRow.decodeOrNone(cut));
    }
    bytes[0] = 2;
    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> AutoRepliesRow.decodeOrNone(bytes));
  }
}
