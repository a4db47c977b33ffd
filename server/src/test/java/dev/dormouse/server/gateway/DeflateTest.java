package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.RawClient.Frame;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compression (RFC 7692), after groups 12 and 13 of Autobahn's newer suite. */
class DeflateTest {
  private static final int RSV1 = 0x40;
  private static final String OFFER = "Sec-WebSocket-Extensions: permessage-deflate";
  private static final String ACCEPTED =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

  private static Vertx vertx;
  private TestServer server;
  private FakeHost host;

  @BeforeAll
  static void startVertx() {
    vertx = TestServer.vertx();
  }

  @AfterAll
  static void stopVertx() {
    TestServer.await(vertx.close());
  }

  @BeforeEach
  void start() {
    server = new TestServer(vertx);
    host = server.host;
    host.echo();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private RawClient open() throws Exception {
    RawClient client = server.client().open("/deflate/one", OFFER);
    host.nextOpen();
    return client;
  }

  private static byte[] deflate(byte[] bytes) {
    Deflater deflater = new Deflater(9, true);
    try {
      deflater.setInput(bytes);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] some = new byte[1 << 16];
      int size;
      do {
        size = deflater.deflate(some, 0, some.length, Deflater.SYNC_FLUSH);
        out.write(some, 0, size);
      } while (size == some.length);
      return Arrays.copyOf(out.toByteArray(), out.size() - 4);
    } finally {
      deflater.end();
    }
  }

  private static byte[] inflate(byte[] bytes, int length) throws DataFormatException {
    Inflater inflater = new Inflater(true);
    try {
      byte[] input = Arrays.copyOf(bytes, bytes.length + 4);
      input[input.length - 2] = (byte) 0xFF;
      input[input.length - 1] = (byte) 0xFF;
      inflater.setInput(input);
      byte[] output = new byte[length + 1];
      return Arrays.copyOf(output, inflater.inflate(output));
    } finally {
      inflater.end();
    }
  }

  private static byte[] compressed(int opcode, byte[] message) {
    byte[] payload = deflate(message);
    return frame(0x80 | RSV1 | opcode, true, payload.length, payload);
  }

  private static byte[] raw(int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    return raw;
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "permessage-deflate | yes",
        "permessage-deflate; client_max_window_bits | yes",
        "permessage-deflate; client_max_window_bits=8 | yes",
        "permessage-deflate; client_no_context_takeover;server_no_context_takeover | yes",
        "permessage-deflate; server_max_window_bits=15 | window",
        "permessage-deflate; server_max_window_bits=\"15\"; client_max_window_bits=\"9\" | window",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate | yes",
        "x-unknown, permessage-deflate; client_max_window_bits | yes",
        "permessage-deflate; server_max_window_bits=10 | no",
        "permessage-deflate; server_max_window_bits=8 | no",
        "permessage-deflate; server_max_window_bits=16 | no",
        "permessage-deflate; server_max_window_bits=015 | no",
        "permessage-deflate; server_max_window_bits | no",
        "permessage-deflate; client_max_window_bits=7 | no",
        "permessage-deflate; client_max_window_bits=16 | no",
        "permessage-deflate; client_max_window_bits= | no",
        "permessage-deflate; client_no_context_takeover=1 | no",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover | no",
        "permessage-deflate; server_max_window_bits=15; server_max_window_bits=15 | no",
        "permessage-deflate; unknown | no",
        "permessage-deflate; | no",
        "x-webkit-deflate-frame | no",
      })
  @DisplayName("the first offer that can be kept is accepted, without context takeover")
  void offers(String offer, String outcome) {
    String expected =
        outcome.equals("window") ? ACCEPTED + "; server_max_window_bits=15" : ACCEPTED;
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/deflate/one", "Sec-WebSocket-Extensions: " + offer));
      Answer answer = client.readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Sec-WebSocket-Extensions"))
          .isEqualTo(outcome.equals("no") ? List.of() : List.of(expected));
      assertThat(client.text("hello").readText()).isEqualTo("hello");
    }
  }

  @Test
  @DisplayName("where compression is off no offer is accepted")
  void off() {
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby", OFFER)).readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Sec-WebSocket-Extensions")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 63, 64, 65, 256, 1_024, 4_096, 16_384, 65_536, 131_072, 1 << 20})
  @DisplayName("messages of any size come compressed and go so, if that is shorter")
  void sizes(int size) throws Exception {
    try (RawClient client = open()) {
      byte[] text = "Siebenschlaefer ".repeat(size / 16 + 1).substring(0, size).getBytes(UTF_8);
      for (int i = 0; i < 3; i++) {
        client.send(compressed(TEXT, text));
        assertThat(host.nextText()).isEqualTo(new String(text, UTF_8));
        Frame back = client.readFrame(size < Deflation.BYTES_MIN ? 0 : RSV1);
        assertThat(back.opcode()).isEqualTo(TEXT);
        byte[] payload = back.payload();
        assertThat(size < Deflation.BYTES_MIN ? payload : inflate(payload, size)).isEqualTo(text);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 65_536, 1 << 20})
  @DisplayName("what cannot be compressed passes in both directions, up to the limit")
  void noise(int size) throws Exception {
    try (RawClient client = open()) {
      byte[] noise = new byte[size];
      new Random(4).nextBytes(noise);
      client.send(compressed(BINARY, noise));
      assertThat(host.next(ToHost.Message.class).payload()).isEqualTo(new Payload.Binary(noise));
      assertThat(client.readFrame().payload()).isEqualTo(noise);
    }
  }

  @Test
  @DisplayName("fragments of a compressed message, cut anywhere, with pings between, are one")
  void fragments() throws Exception {
    byte[] text = "fragmented ".repeat(40).getBytes(UTF_8);
    byte[] payload = deflate(text);
    try (RawClient client = open()) {
      for (int cut = 0; cut <= payload.length; cut++) {
        byte[] first = Arrays.copyOf(payload, cut);
        client.send(
            frame(RSV1 | TEXT, true, first.length, first),
            frame(PING, "p"),
            frame(false, CONTINUATION, new byte[0]),
            frame(true, CONTINUATION, Arrays.copyOfRange(payload, cut, payload.length)));
        assertThat(host.nextText()).isEqualTo(new String(text, UTF_8));
        assertThat(client.readFrame().text()).isEqualTo("p");
        assertThat(inflate(client.readFrame(RSV1).payload(), text.length)).isEqualTo(text);
      }
    }
  }

  @Test
  @DisplayName("plain messages between compressed ones are plain, in fragments too")
  void mixed() throws Exception {
    try (RawClient client = open()) {
      client.send(
          compressed(TEXT, "one".getBytes(UTF_8)),
          frame(TEXT, "two"),
          frame(false, TEXT, "th".getBytes(UTF_8)),
          frame(true, CONTINUATION, "ree".getBytes(UTF_8)),
          compressed(TEXT, "four".getBytes(UTF_8)));
      for (String text : List.of("one", "two", "three", "four")) {
        assertThat(host.nextText()).isEqualTo(text);
        assertThat(client.readText()).isEqualTo(text);
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
    try (RawClient client = open()) {
      client.send(frame(0x80 | RSV1 | TEXT, true, payload.length, payload));
      assertThat(host.nextText()).isEqualTo("Hello");
    }
  }

  @Test
  @DisplayName("RFC 7692, 7.2.3.2: a client that keeps its context, though told not to, gets 1007")
  void contextTakeover() throws Exception {
    try (RawClient client = open()) {
      byte[] first = raw(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
      byte[] second = raw(0xf2, 0x00, 0x11, 0x00, 0x00);
      client.send(frame(0x80 | RSV1 | TEXT, true, first.length, first));
      assertThat(client.readText()).isEqualTo("Hello");
      client.send(frame(0x80 | RSV1 | TEXT, true, second.length, second));
      assertThat(client.readClose()).isEqualTo(1007);
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
        Arguments.of("not UTF-8", compressed(TEXT, raw('a', 0xFF)), 1007),
        Arguments.of("a bomb", frame(0x80 | RSV1 | BINARY, true, bomb.length, bomb), 1009),
        Arguments.of(
            "one byte over the limit",
            compressed(BINARY, new byte[TestServer.MESSAGE_BYTES_MAX + 1]),
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
    try (RawClient neighbour = open();
        RawClient client = open()) {
      client.send(compressed(TEXT, "before".getBytes(UTF_8)));
      assertThat(host.nextText()).isEqualTo("before");
      assertThat(client.readText()).isEqualTo("before");
      client.send(bytes);
      assertThat(client.readClose()).isEqualTo(code);
      host.next(ToHost.Failed.class);
      assertThat(host.nextClosed().code()).isEqualTo(code);
      client.awaitEnd();
      neighbour.send(compressed(TEXT, "after".getBytes(UTF_8)));
      assertThat(neighbour.readText()).isEqualTo("after");
    }
  }

  @Test
  @DisplayName(
      "many long messages that are short on the wire come one after the other, all of them")
  void burst() throws Exception {
    host.acceptOnly();
    int messages = 20;
    byte[] message = compressed(BINARY, new byte[TestServer.MESSAGE_BYTES_MAX]);
    byte[][] all = new byte[messages][];
    Arrays.fill(all, message);
    try (RawClient client = server.client().open("/deflate/one", OFFER)) {
      ConnectionId id = host.nextOpen();
      client.send(join(all));
      for (int i = 1; i <= messages; i++) {
        assertThat(host.next(ToHost.Message.class).sequence()).isEqualTo(i);
        assertThat(server.gateway.counts().messagesIn()).isEqualTo(i);
        host.release(new ActorId("deflate", "one"), new ToGateway.Handled(id, i));
      }
      client.send(RawClient.closeFrame(1000, ""));
      assertThat(client.readClose()).isEqualTo(1000);
      assertThat(host.nextClosed().code()).isEqualTo(1000);
    }
  }

  @Test
  @DisplayName("a broadcast reaches each socket as it negotiated")
  void broadcast() throws Exception {
    String text = "to all of you, ".repeat(20);
    try (RawClient squeezed = open();
        RawClient plain = server.open("/deflate/one")) {
      host.nextOpen();
      host.release(
          new ActorId("deflate", "one"),
          new ToGateway.Broadcast(List.of(), Set.of(), Payload.text(text)));
      assertThat(plain.readText()).isEqualTo(text);
      assertThat(inflate(squeezed.readFrame(RSV1).payload(), text.length()))
          .isEqualTo(text.getBytes(UTF_8));
    }
  }
}
