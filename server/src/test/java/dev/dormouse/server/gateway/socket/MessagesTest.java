package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.PONG;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MessagesTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server = GATEWAY.open();
    host = server.host;
    host.acceptAll();
  }

  @Test
  @DisplayName("text and binary reach the actor numbered from 1, and come back, of any length")
  void messagesOfAnyLength() throws Exception {
    host.echo();
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      int[] lengths = {0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20};
      for (int i = 0; i < lengths.length; i++) {
        byte[] payload = new byte[lengths[i]];
        Arrays.fill(payload, (byte) (0x80 | i));
        client.send(frame(BINARY, payload));
        ToHost.Message message = host.next(ToHost.Message.class);
        assertThat(message.sequence()).isEqualTo(i + 1);
        assertThat(message.payload()).isEqualTo(new Payload.Binary(payload));
        RawClient.Frame back = client.readFrame();
        assertThat(back.opcode()).isEqualTo(BINARY);
        assertThat(back.payload()).isEqualTo(payload);
      }
      assertThat(client.text("κόσμε").readText()).isEqualTo("κόσμε");
    }
  }

  @Test
  @DisplayName("S26 the bytes of a message are its own, not the network's")
  void bytesAreCopied() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.send(frame(BINARY, new byte[] {1, 2, 3}), frame(BINARY, new byte[] {4, 5, 6}));
      Payload first = host.next(ToHost.Message.class).payload();
      Payload second = host.next(ToHost.Message.class).payload();
      byte[] noise = new byte[4_096];
      Arrays.fill(noise, (byte) 9);
      client.send(frame(BINARY, noise));
      host.next(ToHost.Message.class);
      assertThat(first.bytes()).containsExactly(1, 2, 3);
      assertThat(second.bytes()).containsExactly(4, 5, 6);
    }
  }

  @Test
  @DisplayName("fragments, an empty first one too, become one message; pings may come between")
  void fragmentsAnEmptyFirstOneTooBecomeOneMessage() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.send(
          frame(false, TEXT, new byte[0]),
          frame(PING, "p"),
          frame(false, CONTINUATION, "ab".getBytes(UTF_8)),
          frame(PONG, "ignored"),
          frame(false, CONTINUATION, new byte[0]),
          frame(true, CONTINUATION, "c".getBytes(UTF_8)));
      assertThat(host.nextText()).isEqualTo("abc");
      RawClient.Frame pong = client.readFrame();
      assertThat(pong.opcode()).isEqualTo(PONG);
      assertThat(pong.text()).isEqualTo("p");
      client.send(frame(false, TEXT, new byte[0]), frame(true, CONTINUATION, new byte[0]));
      assertThat(host.nextText()).isEmpty();
      assertThat(server.gateway.counts().pongs()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("a character may be split over fragments, at every byte")
  void aCharacterMayBeSplitOverFragmentsAtEveryByte() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      byte[] text = "aä€😀z".getBytes(UTF_8);
      for (int i = 0; i <= text.length; i++) {
        client.send(
            frame(false, TEXT, Arrays.copyOf(text, i)),
            frame(true, CONTINUATION, Arrays.copyOfRange(text, i, text.length)));
        assertThat(host.nextText()).isEqualTo("aä€😀z");
      }
    }
  }

  @Test
  @DisplayName("4 MiB in pieces of 64 bytes are one message")
  void aLongMessageInShortPiecesIsOneMessage() throws Exception {
    try (RawClient client = server.open("/large/one")) {
      host.nextOpen();
      byte[] piece = new byte[64];
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int i = 0; i < 65_536; i++) {
        bytes.writeBytes(frame(i == 65_535, i == 0 ? BINARY : CONTINUATION, piece));
      }
      client.send(bytes.toByteArray());
      assertThat(host.next(ToHost.Message.class).payload().size()).isEqualTo(4 << 20);
    }
  }

  static Stream<Arguments> breaches() {
    byte[] a = "a".getBytes(UTF_8);
    byte[] ping126 = new byte[126];
    return Stream.of(
        Arguments.of("not masked", frame(0x80 | TEXT, false, 1, a), 1002),
        Arguments.of("RSV1", frame(0xC0 | TEXT, true, 1, a), 1002),
        Arguments.of("RSV2", frame(0xA0 | TEXT, true, 1, a), 1002),
        Arguments.of("RSV3", frame(0x90 | TEXT, true, 1, a), 1002),
        Arguments.of("opcode 3", frame(0x83, true, 1, a), 1002),
        Arguments.of("opcode 11", frame(0x8B, true, 1, a), 1002),
        Arguments.of("ping of 126 bytes", frame(PING, ping126), 1002),
        Arguments.of("fragmented ping", frame(false, PING, a), 1002),
        Arguments.of("continuation of nothing", frame(CONTINUATION, a), 1002),
        Arguments.of("text within a message", join(frame(false, TEXT, a), frame(TEXT, a)), 1002),
        Arguments.of("close of one byte", frame(CLOSE, a), 1002),
        Arguments.of("not UTF-8", frame(TEXT, new byte[] {'a', (byte) 0xFF}), 1007),
        Arguments.of("broken off", frame(TEXT, new byte[] {(byte) 0xE2, (byte) 0x82}), 1007),
        Arguments.of("surrogate", frame(TEXT, bytes(0xED, 0xA0, 0x80)), 1007),
        Arguments.of("overlong", frame(TEXT, bytes(0xC0, 0xAF)), 1007),
        Arguments.of(
            "not UTF-8, in a fragment that is not the last", frame(false, TEXT, bytes(0xFF)), 1007),
        Arguments.of(
            "broken off in the last fragment",
            join(frame(false, TEXT, bytes(0xE2)), frame(true, CONTINUATION, bytes(0x82))),
            1007),
        Arguments.of("close reason not UTF-8", frame(CLOSE, bytes(0x03, 0xE8, 0xFF)), 1007),
        Arguments.of("2^62 bytes declared", frame(0x80 | BINARY, true, 1L << 62, a), 1009),
        Arguments.of(
            "too long in one frame",
            frame(0x80 | BINARY, true, TestServer.MESSAGE_BYTES_MAX + 1, a),
            1009),
        Arguments.of(
            "too long in fragments",
            join(
                frame(false, BINARY, new byte[TestServer.MESSAGE_BYTES_MAX]),
                frame(true, CONTINUATION, a)),
            1009),
        Arguments.of("empty fragments", fragments(new byte[0]), 1008),
        Arguments.of("fragments of a byte", fragments(a), 1008));
  }

  private static byte[] fragments(byte[] payload) {
    byte[][] frames = new byte[MessageAssembler.FRAGMENTS_FREE + 1][];
    Arrays.fill(frames, frame(false, CONTINUATION, payload));
    frames[0] = frame(false, TEXT, payload);
    return join(frames);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    List.of(parts).forEach(all::writeBytes);
    return all.toByteArray();
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("breaches")
  @DisplayName("a breach is answered with its code; the actor hears what failed, then the close")
  void breach(String what, byte[] bytes, int code) throws Exception {
    long tooLong = server.gateway.counts().oversizeClosed();
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.text("before").send(bytes);
      assertThat(host.nextText()).isEqualTo("before");
      assertThat(client.readClose()).isEqualTo(code);
      ToHost.Failed failed = host.next(ToHost.Failed.class);
      assertThat(failed.error()).isNotEmpty();
      ToHost.Closed closed = host.next(ToHost.Closed.class);
      assertThat(failed.reason()).isEqualTo(closed.reason());
      assertThat(closed.reason().code()).isEqualTo(code);
      assertThat(closed.reason().cause()).isEqualTo(Cause.VIOLATION);
      client.awaitEnd();
      host.hearsNothing();
    }
    assertThat(server.gateway.counts().oversizeClosed() - tooLong).isEqualTo(code == 1009 ? 1 : 0);
  }

  @Test
  @DisplayName("a ping is answered with its payload")
  void aPingIsAnsweredWithItsPayload() {
    try (RawClient client = server.open("/chat/lobby")) {
      client.send(frame(PING, new byte[125]), frame(PING, ""));
      assertThat(client.readFrame().payload()).hasSize(125);
      RawClient.Frame pong = client.readFrame();
      assertThat(pong.opcode()).isEqualTo(PONG);
      assertThat(pong.payload()).isEmpty();
    }
  }

  @Test
  @DisplayName("pings of a client that reads nothing are answered without a queue: the last is")
  void pingsOfAClientThatReadsNothingAreAnsweredWithoutAQueue() throws Exception {
    try (RawClient client = new RawClient(server.port(), 4_096).open("/chat/lobby")) {
      host.nextOpen();
      int pings = 100_000;
      byte[] flood = new byte[131 * 1_000];
      for (int sent = 0; sent < pings; sent += 1_000) {
        ByteArrayOutputStream some = new ByteArrayOutputStream(flood.length);
        for (int i = sent; i < sent + 1_000; i++) {
          some.writeBytes(frame(PING, "%-125d".formatted(i)));
        }
        client.send(some.toByteArray());
      }
      client.text("done");
      assertThat(host.nextText()).isEqualTo("done");
      String last = "%-125d".formatted(pings - 1);
      int pongs = 1;
      while (!client.readFrame().text().equals(last)) {
        pongs++;
      }
      assertThat(pongs).isLessThan(pings);
    }
  }
}
