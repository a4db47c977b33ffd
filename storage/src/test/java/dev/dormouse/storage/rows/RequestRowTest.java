package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.HttpResponse;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestRowTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final HttpResponse ANSWER =
      HttpResponse.of(201, List.of(), new byte[] {9}).with("A", "ä").with("B", "");

  private static void assertIs(RequestRow row, String bytes) {
    assertThat(HEX.formatHex(row.encode())).isEqualTo(bytes);
    assertThat(RequestRow.decode(HEX.parseHex(bytes))).isEqualTo(row);
  }

  @Test
  void theBytesOfAStoredAnswerNeverChange() {
    assertIs(
        RequestRow.of(ANSWER),
        "0101" + "00c9" + "0002" + "000141" + "0002c3a4" + "000142" + "0000" + "09");
    assertIs(new RequestRow(503, null), "0100" + "01f7");
    byte[] key = RequestRow.key(0x0102030405060708L);
    assertThat(HEX.formatHex(key)).isEqualTo("0102030405060708");
    assertThat(RequestRow.requestOf(key)).isEqualTo(0x0102030405060708L);
  }

  @Test
  void anAnswerIsKeptUpToItsLimitsAndOnlyItsStatusBeyond() {
    HttpResponse largest = HttpResponse.of(200, List.of(), new byte[RequestRow.BODY_BYTES_MAX]);
    HttpResponse larger = HttpResponse.of(200, List.of(), new byte[RequestRow.BODY_BYTES_MAX + 1]);
    assertThat(RequestRow.decode(RequestRow.of(largest).encode()).answer()).isEqualTo(largest);
    assertThat(RequestRow.of(larger)).isEqualTo(new RequestRow(200, null));
    int others = 2 + "h".length() + 2;
    String value = "v".repeat(RequestRow.HEADER_BYTES_MAX - others);
    HttpResponse wide = HttpResponse.of(200, List.of(), new byte[0]);
    assertThat(RequestRow.of(wide.with("h", value)).answer()).isNotNull();
    assertThat(RequestRow.of(wide.with("h", value + "v")).answer()).isNull();
  }

  @Test
  void whatIsNoRowIsCorrupt() {
    byte[] bytes = RequestRow.of(ANSWER).encode();
    for (int length = 0; length < bytes.length - 1; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatExceptionOfType(CorruptRowException.class)
          .as("cut to %d", length)
          .isThrownBy(() -> RequestRow.decode(cut));
    }
    for (String wrong :
        List.of("0200" + "00c9", "0100" + "00c9" + "00", "0101" + "0063" + "0000", "")) {
      assertThatExceptionOfType(CorruptRowException.class)
          .as(wrong)
          .isThrownBy(() -> RequestRow.decode(HEX.parseHex(wrong)));
    }
    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> RequestRow.requestOf(new byte[7]));
  }
}
