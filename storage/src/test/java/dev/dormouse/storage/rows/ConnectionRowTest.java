package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.RequestHead;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConnectionRowTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final ConnectionRow.Request REQUEST =
      new ConnectionRow.Request("/c/ä", Map.of("n", List.of("1", "")), "::1");
  private static final String ACCEPTED = "01" + "0000000000000005";
  private static final String NO_SEQUENCE = "0000000000000000";
  private static final String TAG = "01" + "000178";
  private static final String ACCEPTED_AND_TAG = ACCEPTED + NO_SEQUENCE + TAG;
  private static final String REQUEST_BYTES =
      "0003" + "3a3a31" + "0005" + "2f632fc3a4" + "0002" + "00016e000131" + "00016e0000";

  private static final ConnectionRow.Closing KICKED = new ConnectionRow.Closing(65535, "ä");
  private static final String KICKED_BYTES = "ffff" + "0002" + "c3a4";

  private static void assertIs(ConnectionRow row, String bytes) {
    assertThat(HEX.formatHex(row.encode())).isEqualTo(bytes);
    ConnectionRow read = ConnectionRow.decode(HEX.parseHex(bytes));
    assertThat(read.acceptedAtMs()).isEqualTo(row.acceptedAtMs());
    assertThat(read.sequence()).isEqualTo(row.sequence());
    assertThat(read.tags()).isEqualTo(row.tags());
    assertThat(read.request()).isEqualTo(row.request());
    assertThat(read.closing()).isEqualTo(row.closing());
    assertThat(read.attachment()).isEqualTo(row.attachment());
  }

  @Test
  void theBytesOfAStoredConnectionNeverChange() {
    List<String> tags = List.of("x");
    byte[] attachment = {9};
    assertIs(
        new ConnectionRow(5, 0, tags, REQUEST, null, attachment),
        ACCEPTED_AND_TAG + "03" + REQUEST_BYTES + "09");
    assertIs(
        new ConnectionRow(5, 0, tags, REQUEST, null, null),
        ACCEPTED_AND_TAG + "02" + REQUEST_BYTES);
    assertIs(
        new ConnectionRow(5, 258, tags, null, null, null),
        ACCEPTED + "0000000000000102" + TAG + "00");
    assertIs(new ConnectionRow(5, tags, attachment), ACCEPTED_AND_TAG + "01" + "09");
    assertIs(new ConnectionRow(5, tags, null), ACCEPTED_AND_TAG + "00");
    assertIs(
        new ConnectionRow(5, 0, tags, null, KICKED, null), ACCEPTED_AND_TAG + "04" + KICKED_BYTES);
    assertIs(
        new ConnectionRow(5, 0, tags, REQUEST, KICKED, attachment),
        ACCEPTED_AND_TAG + "07" + REQUEST_BYTES + KICKED_BYTES + "09");
  }

  @Test
  void aRequestOrACloseThatIsCutShortIsCorrupt() {
    byte[] bytes = new ConnectionRow(5, 0, List.of("x"), REQUEST, KICKED, null).encode();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatExceptionOfType(CorruptRowException.class)
          .as("cut to %d", length)
          .isThrownBy(() -> ConnectionRow.decode(cut));
    }
  }

  @Test
  void aRowOfAnotherVersionOrWithBytesAfterItsEndIsCorrupt() {
    byte[] bytes = new ConnectionRow(5, List.of("x"), null).encode();
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    bytes[0] = 2;
    for (byte[] wrong : List.of(bytes, longer)) {
      assertThatExceptionOfType(CorruptRowException.class)
          .isThrownBy(() -> ConnectionRow.decode(wrong));
    }
  }

  @Test
  void pathAndQueryAreKeptUpToTheirLimit() {
    int others = 2 + "::1".length() + 2 + "/".length() + 2 + 2 + "q".length() + 2;
    String longest = "v".repeat(Connection.REQUEST_BYTES_MAX - others);
    assertThat(ConnectionRow.Request.of(head(longest)))
        .isEqualTo(new ConnectionRow.Request("/", Map.of("q", List.of(longest)), "::1"));
    assertThat(ConnectionRow.Request.of(head(longest + "v")))
        .isEqualTo(new ConnectionRow.Request("", Map.of(), "::1"));
  }

  private static RequestHead head(String value) {
    return new RequestHead("GET", "/", Map.of("q", List.of(value)), List.of(), "::1");
  }
}
