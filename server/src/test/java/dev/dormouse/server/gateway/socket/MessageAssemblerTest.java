package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dormouse.server.gateway.wire.Utf8Check;
import dev.dormouse.server.gateway.wire.ViolationException;
import dev.dormouse.server.protocol.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MessageAssemblerTest {

  private static ByteBuf bytes(int length) {
    return Unpooled.wrappedBuffer(new byte[length]);
  }

  private static int codeOf(Runnable action) {
    return catchThrowableOfType(ViolationException.class, action::run).code();
  }

  @Test
  @DisplayName("fragments are joined, empty ones too, and copied")
  void fragmentsAreJoinedEmptyOnesTooAndCopied() {
    MessageAssembler assembler = new MessageAssembler(false, 10);
    byte[] network = {1, 2, 3};
    assembler.add(Unpooled.EMPTY_BUFFER);
    assembler.add(Unpooled.wrappedBuffer(network));
    network[0] = 9;
    assembler.add(Unpooled.wrappedBuffer(new byte[] {4}));
    assertThat(assembler.finish()).isEqualTo(new Payload.Binary(new byte[] {1, 2, 3, 4}));
  }

  @Test
  @DisplayName("the longest message passes; a byte more is 1009")
  void theLongestMessagePasses() {
    MessageAssembler assembler = new MessageAssembler(false, 1_000);
    assembler.add(bytes(999));
    assembler.add(bytes(1));
    assertThat(codeOf(() -> assembler.add(bytes(1)))).isEqualTo(1009);
    assertThat(assembler.finish().size()).isEqualTo(1_000);
  }

  @Test
  @DisplayName("fragments take no more than 64 KiB besides their own bytes")
  void fragmentsTakeLittleBesidesTheirOwnBytes() {
    MessageAssembler assembler = new MessageAssembler(false, 1 << 20);
    for (int i = 1; i <= 600; i++) {
      assembler.add(bytes(1_000));
      assertThat(assembler.heldBytes()).isBetween(i * 1_000L, i * 1_000L + (64 << 10));
    }
    assertThat(assembler.finish().size()).isEqualTo(600_000);
  }

  @Test
  @DisplayName("short fragments: as many as are free, then 1008, unless they are long enough")
  void tooManyShortFragmentsAreAnswered1008() {
    MessageAssembler empty = new MessageAssembler(true, 1 << 20);
    for (int i = 0; i < MessageAssembler.FRAGMENTS_FREE; i++) {
      empty.add(Unpooled.EMPTY_BUFFER);
    }
    assertThat(codeOf(() -> empty.add(bytes(1)))).isEqualTo(1008);

    MessageAssembler enough = new MessageAssembler(true, 1 << 20);
    for (int i = 0; i < 4 * MessageAssembler.FRAGMENTS_FREE; i++) {
      enough.add(bytes(MessageAssembler.FRAGMENT_BYTES_MEAN_MIN));
    }
    assertThat(enough.finish().size()).isEqualTo(4 * 1_024 * 16);
  }

  @Test
  @DisplayName("the assembler and the JDK's strict decoder agree on UTF-8, however it is split")
  void whatIsUTF8IsWhatTheJDKsStrictDecoderSaysHoweverItIsSplit() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int n = 0; n < 200_000; n++) {
      byte[] text = new byte[random.nextInt(7)];
      for (int i = 0; i < text.length; i++) {
        text[i] = likely(random);
      }
      int split = random.nextInt(text.length + 1);
      Utf8Check check = new Utf8Check();
      boolean isUtf8 =
          check.accepts(text, 0, split)
              && check.accepts(text, split, text.length)
              && check.isComplete();
      assertThat(isUtf8).as("seed %d", seed).isEqualTo(isUtf8ByTheJdk(text));
      assertThat(Utf8Check.isUtf8(text)).as("seed %d", seed).isEqualTo(isUtf8);
    }
  }

  /** Returns a byte near the borders of the rules. */
  private static byte likely(Random random) {
    int[] edges = {
      0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
      0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF
    };
    return (byte) edges[random.nextInt(edges.length)];
  }

  private static boolean isUtf8ByTheJdk(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
