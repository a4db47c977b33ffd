package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Frame;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks compression with context takeover. */
class DeflateContextTest extends DeflateCases {

  DeflateContextTest() {
    super("context", new DeflateTerms(true, true, false));
  }

  /** The ways in which a connection ends. */
  private enum End {
    CLIENT_CLOSES,
    ACTOR_CLOSES,
    CLIENT_VANISHES,
    CLIENT_BREAKS_THE_PROTOCOL
  }

  @Test
  @DisplayName("RFC 7692, 7.2.3.2: the second Hello refers to the first, in both directions")
  void theSecondHelloRefersToTheFirstInBothDirections() throws Exception {
    byte[] first = raw(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
    byte[] second = raw(0xf2, 0x00, 0x11, 0x00, 0x00);
    try (Squeezer client = new Squeezer()) {
      client.raw.send(compressed(TEXT, first), compressed(TEXT, second));
      assertThat(host.nextText()).isEqualTo("Hello");
      assertThat(host.nextText()).isEqualTo("Hello");
      assertThat(client.raw.readFrame(RSV1).payload()).isEqualTo(first);
      assertThat(client.raw.readFrame(RSV1).payload()).isEqualTo(second);
    }
  }

  @Test
  @DisplayName("the context ends with a block that says it is the last, as the compressor's does")
  void theContextEndsWithABlockThatSaysItIsTheLastAsTheCompressorsDoes() throws Exception {
    byte[] last = raw(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00);
    try (Squeezer client = new Squeezer()) {
      byte[] before = client.frame(TEXT, "before ".repeat(10).getBytes(UTF_8));
      client.raw.send(before, compressed(TEXT, last), compressed(TEXT, last));
      assertThat(host.nextText()).isEqualTo("before ".repeat(10));
      assertThat(host.nextText()).isEqualTo("Hello");
      assertThat(host.nextText()).isEqualTo("Hello");
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "server_no_context_takeover, false, true",
    "client_no_context_takeover, true, false",
    "server_no_context_takeover; client_no_context_takeover, false, false",
    "client_max_window_bits=9, true, true",
  })
  @DisplayName("a client that wants no context, in one direction or both, is heard")
  void aClientThatWantsNoContextInOneDirectionOrBothIsHeard(
      String parameters, boolean serverKeeps, boolean clientKeeps) throws Exception {
    try (RawClient raw = server.client();
        ClientDeflate deflate = new ClientDeflate(clientKeeps, serverKeeps)) {
      assertThat(
              raw.send(RawClient.upgrade(path(), OFFER + "; " + parameters))
                  .readAnswer()
                  .header("Sec-WebSocket-Extensions"))
          .containsExactly(new DeflateTerms(serverKeeps, clientKeeps, false).header());
      host.nextOpen();
      byte[] text = "again and ".repeat(10).getBytes(UTF_8);
      for (int i = 0; i < 3; i++) {
        raw.send(compressed(TEXT, deflate.deflate(text)));
        assertThat(host.nextText()).isEqualTo(new String(text, UTF_8));
        assertThat(deflate.inflate(raw.readFrame(RSV1).payload())).isEqualTo(text);
      }
      int kept = (serverKeeps ? 1 : 0) + (clientKeeps ? 1 : 0);
      assertThat(server.gateway.counts().deflateContexts()).isEqualTo(kept);
    }
  }

  @Test
  @DisplayName(
      "an empty message, and one after it, come through; so do those longer than the window")
  void anEmptyMessageAndOneAfterItComeThrough() throws Exception {
    Random random = new Random(9);
    try (Squeezer client = new Squeezer()) {
      for (int length : new int[] {0, 0, 5, 0, 70_000, 1, 200_000, 0, 32_768, 65_536}) {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
          text[i] = (byte) ('a' + random.nextInt(3));
        }
        client.raw.send(client.frame(TEXT, text));
        assertThat(host.nextText()).isEqualTo(new String(text, UTF_8));
        assertThat(length == 0 ? client.raw.readFrame().payload() : client.read()).isEqualTo(text);
      }
    }
  }

  @Test
  @DisplayName("a short message like one before it takes a few bytes")
  void aShortMessageLikeOneBeforeItTakesAFewBytes() throws Exception {
    String text = "{\"type\":\"position\",\"x\":%d,\"y\":%d}";
    try (Squeezer client = new Squeezer()) {
      for (int i = 0; i < 3; i++) {
        client.raw.send(frame(TEXT, text.formatted(i, i)));
        Frame back = client.raw.readFrame(RSV1);
        if (i > 0) {
          assertThat(back.payload()).hasSizeLessThan(12);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(End.class)
  @DisplayName("however it ends, its native memory is given back")
  void howeverItEndsItsNativeMemoryIsGivenBack(End end) throws Exception {
    try (Squeezer client = new Squeezer()) {
      client.raw.send(client.frame(TEXT, "hello ".repeat(20).getBytes(UTF_8)));
      ToHost.Message message = host.next(ToHost.Message.class);
      client.read();
      assertThat(server.gateway.counts().deflateContexts()).isEqualTo(2);
      end(end, client.raw, message.connection());
      if (end == End.CLIENT_BREAKS_THE_PROTOCOL) {
        host.next(ToHost.Failed.class);
      }
      host.nextClosed();
      assertThat(server.gateway.counts().deflateContexts()).isZero();
    }
  }

  private void end(End end, RawClient client, ConnectionId id) {
    switch (end) {
      case CLIENT_CLOSES -> client.send(RawClient.closeFrame(1000, ""));
      case ACTOR_CLOSES -> {
        host.release(new ActorId("context", "one"), new ToGateway.Close(id, 1000, ""));
        client.send(RawClient.closeFrame(1000, ""));
      }
      case CLIENT_VANISHES -> client.endOutput();
      case CLIENT_BREAKS_THE_PROTOCOL -> client.send(frame(0x80 | 3, true, 0, new byte[0]));
    }
  }

  @Test
  @DisplayName("releases to a connection are compressed in the order in which they leave")
  void whatIsReleasedToAConnectionIsCompressedInTheOrderInWhichItLeaves() throws Exception {
    try (Squeezer client = new Squeezer()) {
      client.raw.send(client.frame(TEXT, "go".getBytes(UTF_8)));
      ConnectionId id = host.next(ToHost.Message.class).connection();
      assertThat(new String(client.read(), UTF_8)).isEqualTo("go");
      ToGateway[] records = new ToGateway[200];
      for (int i = 0; i < records.length; i++) {
        records[i] = new ToGateway.Send(id, Payload.text("number " + i + " of many"));
      }
      host.release(new ActorId("context", "one"), records);
      for (int i = 0; i < records.length; i++) {
        assertThat(new String(client.read(), UTF_8)).isEqualTo("number " + i + " of many");
      }
    }
  }
}
