package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import dev.dormouse.server.gateway.wire.Deflation;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks compression (RFC 7692), after groups 12 and 13 of Autobahn's newer suite, in the cases
 * that hold with and without context takeover.
 */
abstract class DeflateCases {
  static final int RSV1 = 0x40;
  static final String OFFER = "Sec-WebSocket-Extensions: permessage-deflate";

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  TestServer server;
  FakeHost host;
  private final DeflateTerms terms;
  private final String type;

  /** Tests actors of this type, whose clients get these terms. */
  DeflateCases(String type, DeflateTerms terms) {
    this.type = type;
    this.terms = terms;
  }

  @BeforeEach
  void start() {
    server = GATEWAY.open();
    host = server.host;
    host.echo();
  }

  /** A client that compresses. */
  final class Squeezer implements AutoCloseable {
    final RawClient raw;
    private final ClientDeflate deflate =
        new ClientDeflate(terms.clientKeepsContext(), terms.serverKeepsContext());

    Squeezer() throws Exception {
      raw = server.client();
      Answer answer = raw.send(RawClient.upgrade(path(), OFFER)).readAnswer();
      assertThat(answer.header("Sec-WebSocket-Extensions")).containsExactly(terms.header());
      host.nextOpen();
    }

    /** Returns a whole message in one frame. */
    byte[] frame(int opcode, byte[] message) {
      return DeflateCases.compressed(opcode, deflate.deflate(message));
    }

    /** Reads a message that came compressed. */
    byte[] read() throws DataFormatException {
      return deflate.inflate(raw.readFrame(RSV1).payload());
    }

    @Override
    public void close() {
      raw.close();
      deflate.close();
    }
  }

  String path() {
    return "/" + type + "/one";
  }

  /** Compresses the message as one that does not refer to others. */
  static byte[] deflate(byte[] message) {
    try (ClientDeflate alone = new ClientDeflate(false, false)) {
      return alone.deflate(message);
    }
  }

  /** Returns a frame with a payload that is compressed already. */
  static byte[] compressed(int opcode, byte[] payload) {
    return frame(0x80 | RSV1 | opcode, true, payload.length, payload);
  }

  static byte[] raw(int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    return raw;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 63, 64, 65, 256, 1_024, 4_096, 16_384, 65_536, 131_072, 1 << 20})
  @DisplayName("messages of any size come compressed and go so, if that is shorter")
  void sizes(int size) throws Exception {
    boolean isSqueezed = size >= Deflation.BYTES_MIN || (terms.serverKeepsContext() && size > 0);
    try (Squeezer client = new Squeezer()) {
      byte[] text = "Siebenschlaefer ".repeat(size / 16 + 1).substring(0, size).getBytes(UTF_8);
      for (int i = 0; i < 3; i++) {
        client.raw.send(client.frame(TEXT, text));
        assertThat(host.nextText()).isEqualTo(new String(text, UTF_8));
        assertThat(isSqueezed ? client.read() : client.raw.readFrame().payload()).isEqualTo(text);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 65_536, 1 << 20})
  @DisplayName("a message that cannot be compressed passes in both directions, up to the limit")
  void noise(int size) throws Exception {
    try (Squeezer client = new Squeezer()) {
      byte[] noise = new byte[size];
      new Random(4).nextBytes(noise);
      client.raw.send(client.frame(BINARY, noise));
      assertThat(host.next(ToHost.Message.class).payload()).isEqualTo(new Payload.Binary(noise));
      assertThat(terms.serverKeepsContext() ? client.read() : client.raw.readFrame().payload())
          .isEqualTo(noise);
    }
  }

  @Test
  @DisplayName("fragments of a compressed message, cut anywhere, with pings between, are one")
  void fragments() throws Exception {
    byte[] text = "fragmented ".repeat(40).getBytes(UTF_8);
    byte[] payload = deflate(text);
    try (Squeezer client = new Squeezer()) {
      for (int cut = 0; cut <= payload.length; cut++) {
        byte[] first = Arrays.copyOf(payload, cut);
        client.raw.send(
            frame(RSV1 | TEXT, true, first.length, first),
            frame(PING, "p"),
            frame(false, CONTINUATION, new byte[0]),
            frame(true, CONTINUATION, Arrays.copyOfRange(payload, cut, payload.length)));
        assertThat(host.nextText()).isEqualTo(new String(text, UTF_8));
        assertThat(client.raw.readFrame().text()).isEqualTo("p");
        assertThat(client.read()).isEqualTo(text);
      }
    }
  }

  @Test
  @DisplayName("plain messages between compressed ones are plain, in fragments too")
  void mixed() throws Exception {
    String long1 = "one ".repeat(30);
    String long4 = "four ".repeat(30);
    try (Squeezer client = new Squeezer()) {
      client.raw.send(
          client.frame(TEXT, long1.getBytes(UTF_8)),
          frame(TEXT, "two ".repeat(30)),
          frame(false, TEXT, "th".getBytes(UTF_8)),
          frame(true, CONTINUATION, "ree ".repeat(30).getBytes(UTF_8)),
          client.frame(TEXT, long4.getBytes(UTF_8)));
      for (String text : List.of(long1, "two ".repeat(30), "th" + "ree ".repeat(30), long4)) {
        assertThat(host.nextText()).isEqualTo(text);
        assertThat(new String(client.read(), UTF_8)).isEqualTo(text);
      }
    }
  }

  static Stream<Arguments> hellos() {
    return Stream.of(
        Arguments.of("7.2.3.1: one block", raw(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00)),
        Arguments.of(
            "7.2.3.3: no compression",
            raw(0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00)),
        Arguments.of(
            "7.2.3.4: a block that says it is the last",
            raw(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00)),
        Arguments.of(
            "7.2.3.5: two blocks",
            raw(0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hellos")
  @DisplayName("the examples of RFC 7692, section 7.2.3, are Hello")
  void examples(String section, byte[] payload) throws Exception {
    try (Squeezer client = new Squeezer()) {
      for (int i = 0; i < 2; i++) {
        client.raw.send(compressed(TEXT, payload));
        assertThat(host.nextText()).isEqualTo("Hello");
      }
    }
  }

  static Stream<Arguments> breaches() {
    byte[] a = deflate("a".getBytes(UTF_8));
    byte[] noise = new byte[1_000];
    Arrays.fill(noise, (byte) 0xFF);
    byte[] bomb = deflate(new byte[61 << 20]);
    assertThat(bomb.length).isLessThan(64 << 10);
    return Stream.of(
        Arguments.of("garbage", frame(0x80 | RSV1 | BINARY, true, noise.length, noise), 1007),
        Arguments.of(
            "garbage in fragments",
            join(
                frame(RSV1 | BINARY, true, 500, Arrays.copyOf(noise, 500)),
                frame(true, CONTINUATION, Arrays.copyOf(noise, 500))),
            1007),
        Arguments.of("not UTF-8", compressed(TEXT, deflate(raw('a', 0xFF))), 1007),
        Arguments.of("a bomb", frame(0x80 | RSV1 | BINARY, true, bomb.length, bomb), 1009),
        Arguments.of(
            "one byte over the limit",
            compressed(BINARY, deflate(new byte[TestServer.MESSAGE_BYTES_MAX + 1])),
            1009),
        Arguments.of(
            "plain, one byte over the limit",
            frame(BINARY, new byte[TestServer.MESSAGE_BYTES_MAX + 1]),
            1009),
        Arguments.of("RSV2", frame(0x80 | 0x20 | TEXT, true, a.length, a), 1002),
        Arguments.of("RSV1 and RSV3", frame(0x80 | RSV1 | 0x10 | TEXT, true, a.length, a), 1002),
        Arguments.of("RSV1 on a ping", frame(0x80 | RSV1 | PING, true, a.length, a), 1002),
        Arguments.of("RSV1 on a close", frame(0x80 | RSV1 | CLOSE, true, 0, new byte[0]), 1002),
        Arguments.of(
            "RSV1 on a continuation",
            join(
                frame(RSV1 | TEXT, true, a.length, a),
                frame(0x80 | RSV1 | CONTINUATION, true, 0, new byte[0])),
            1002),
        Arguments.of("opcode 3", frame(0x80 | RSV1 | 3, true, a.length, a), 1002));
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    List.of(parts).forEach(all::writeBytes);
    return all.toByteArray();
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("breaches")
  @DisplayName("a breach is answered with its code, and harms no other socket")
  void breach(String what, byte[] bytes, int code) throws Exception {
    String before = "before ".repeat(20);
    String after = "after ".repeat(20);
    try (Squeezer neighbour = new Squeezer();
        Squeezer client = new Squeezer()) {
      client.raw.send(client.frame(TEXT, before.getBytes(UTF_8)));
      assertThat(host.nextText()).isEqualTo(before);
      assertThat(new String(client.read(), UTF_8)).isEqualTo(before);
      client.raw.send(bytes);
      assertThat(client.raw.readClose()).isEqualTo(code);
      host.next(ToHost.Failed.class);
      assertThat(host.nextClosed().code()).isEqualTo(code);
      client.raw.awaitEnd();
      neighbour.raw.send(neighbour.frame(TEXT, after.getBytes(UTF_8)));
      assertThat(new String(neighbour.read(), UTF_8)).isEqualTo(after);
    }
  }

  @Test
  @DisplayName(
      "many long messages that are short on the wire come one after the other, all of them")
  void burst() throws Exception {
    host.acceptOnly();
    int messages = 20;
    byte[][] all = new byte[messages][];
    try (Squeezer client = new Squeezer()) {
      for (int i = 0; i < messages; i++) {
        all[i] = client.frame(BINARY, new byte[TestServer.MESSAGE_BYTES_MAX]);
      }
      client.raw.send(all);
      for (int i = 1; i <= messages; i++) {
        ToHost.Message message = host.next(ToHost.Message.class);
        assertThat(message.sequence()).isEqualTo(i);
        assertThat(server.gateway.counts().messagesIn()).isEqualTo(i);
        host.release(new ActorId(type, "one"), new ToGateway.Handled(message.connection(), i));
      }
      client.raw.send(RawClient.closeFrame(1000, ""));
      assertThat(client.raw.readClose()).isEqualTo(1000);
      assertThat(host.nextClosed().code()).isEqualTo(1000);
    }
  }

  @Test
  @DisplayName("a broadcast reaches each socket as it negotiated")
  void broadcast() throws Exception {
    String text = "to all of you, ".repeat(20);
    try (Squeezer squeezed = new Squeezer();
        RawClient plain = server.open(path())) {
      host.nextOpen();
      for (int i = 0; i < 2; i++) {
        host.release(
            new ActorId(type, "one"),
            new ToGateway.Broadcast(List.of(), Set.of(), Payload.text(text)));
        assertThat(plain.readText()).isEqualTo(text);
        assertThat(new String(squeezed.read(), UTF_8)).isEqualTo(text);
      }
    }
  }
}
