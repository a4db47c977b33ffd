package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.DormouseObserver.Frame;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadExcerptTest {
  private static final int TEXT = 1;
  private static final int BINARY = 2;

  private static Frame frame(int opcode, boolean isFinal, byte[] bytes) {
    return new Frame(
        ConnectionId.of(3, 17),
        new ActorId("chat", "lobby"),
        opcode,
        isFinal,
        bytes.length,
        false,
        max -> Arrays.copyOf(bytes, Math.min(max, bytes.length)));
  }

  private static PayloadExcerpt text(String text) {
    return PayloadExcerpt.of(frame(TEXT, true, text.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hi", "grüße 🐭", "\u0000\n\""})
  void aShortTextIsShownAsItIs(String text) {
    assertThat(text(text))
        .isEqualTo(new PayloadExcerpt(text, text.getBytes(StandardCharsets.UTF_8).length));
  }

  @Test
  void aTextOf4096BytesIsShownWhole() {
    assertThat(text("a".repeat(4096)).data()).isEqualTo("a".repeat(4096));
  }

  @Test
  void aLongerTextSaysHowLongItIs() {
    assertThat(text("a".repeat(4097)))
        .isEqualTo(new PayloadExcerpt("a".repeat(4096) + "… (4097 bytes in all)", 4096));
  }

  @Test
  void aTextIsCutBetweenCharacters() {
    assertThat(text("ab" + "🐭".repeat(2000)))
        .isEqualTo(new PayloadExcerpt("ab" + "🐭".repeat(1023) + "… (8002 bytes in all)", 4094));
  }

  @Test
  void aFragmentThatEndsWithinACharacterIsCutBeforeIt() {
    byte[] half = Arrays.copyOf("aü".getBytes(StandardCharsets.UTF_8), 2);

    assertThat(PayloadExcerpt.of(frame(TEXT, false, half)))
        .isEqualTo(new PayloadExcerpt("a… (2 bytes in all)", 1));
  }

  @Test
  void whatIsNoTextIsShownAsBase64AndSaysSo() {
    byte[] compressed = {(byte) 0xca, 0x48, (byte) 0xff};

    assertThat(PayloadExcerpt.of(frame(TEXT, true, compressed)).data())
        .isEqualTo("(not UTF-8, perhaps compressed; 3 bytes in all; in base64) ykj/");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, BINARY, 8, 9, 10})
  void framesOfOtherKindsAreBase64(int opcode) {
    byte[] bytes = "hi".getBytes(StandardCharsets.UTF_8);

    assertThat(PayloadExcerpt.of(frame(opcode, true, bytes)))
        .isEqualTo(new PayloadExcerpt("aGk=", 2));
  }

  @Test
  void longBytesAreCut() {
    PayloadExcerpt excerpt = PayloadExcerpt.of(frame(BINARY, true, new byte[5000]));

    assertThat(Base64.getDecoder().decode(excerpt.data())).hasSize(4096);
    assertThat(excerpt.shownBytes()).isEqualTo(4096);
  }
}
