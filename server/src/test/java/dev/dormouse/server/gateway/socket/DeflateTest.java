package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks compression without context takeover. */
class DeflateTest extends DeflateCases {

  DeflateTest() {
    super("deflate", new DeflateTerms(false, false, false));
  }

  @Test
  @DisplayName("no offer is accepted while compression is off")
  void whereCompressionIsOffNoOfferIsAccepted() {
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby", OFFER)).readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Sec-WebSocket-Extensions")).isEmpty();
    }
  }

  @Test
  @DisplayName("an offer that cannot be kept is passed over, and the connection is plain")
  void anOfferThatCannotBeKeptIsPassedOverAndTheConnectionIsPlain() {
    try (RawClient client = server.client()) {
      Answer answer =
          client.send(RawClient.upgrade(path(), OFFER + "; server_max_window_bits=9")).readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Sec-WebSocket-Extensions")).isEmpty();
      assertThat(client.text("hello ".repeat(20)).readText()).isEqualTo("hello ".repeat(20));
    }
  }

  @Test
  @DisplayName("RFC 7692, 7.2.3.2: a client that keeps its context, though told not to, gets 1007")
  void aClientThatKeepsItsContextThoughToldNotToGets1007() throws Exception {
    try (Squeezer client = new Squeezer()) {
      client.raw.send(compressed(TEXT, raw(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00)));
      assertThat(client.raw.readText()).isEqualTo("Hello");
      client.raw.send(compressed(TEXT, raw(0xf2, 0x00, 0x11, 0x00, 0x00)));
      assertThat(client.raw.readClose()).isEqualTo(1007);
    }
  }

  @Test
  @DisplayName("a connection holds no native memory of its own")
  void aConnectionHoldsNoNativeMemoryOfItsOwn() throws Exception {
    try (Squeezer client = new Squeezer()) {
      byte[] text = new byte[1_000];
      client.raw.send(client.frame(TEXT, text));
      assertThat(client.read()).isEqualTo(text);
      assertThat(server.gateway.counts().deflateContexts()).isZero();
    }
  }
}
