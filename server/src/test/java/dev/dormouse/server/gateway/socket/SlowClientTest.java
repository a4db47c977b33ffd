package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.PONG;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.socket.StuckSocket.BYTES_MAX;
import static dev.dormouse.server.gateway.socket.StuckSocket.CHANNEL_BYTES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.gateway.RawClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks the fate of messages when the network takes them more slowly than they are sent. */
class SlowClientTest {
  private static LeakWatch leaks;

  @BeforeAll
  static void lookForLeaks() {
    leaks = new LeakWatch();
  }

  @AfterAll
  static void noLeaks() {
    leaks.close();
  }

  /** Returns a text of this length that begins with the given character. */
  private static String text(char first, int length) {
    return first + "-".repeat(length - 1);
  }

  /** Returns the bytes that such a text costs while it waits. */
  private static int cost(int length) {
    return length + 4 + 96;
  }

  /**
   * Returns the first characters of the texts that the network took; {@code !} stands for a close
   * frame.
   */
  private static String taken(StuckSocket client) {
    StringBuilder taken = new StringBuilder();
    for (StuckChannel.Frame frame : client.channel.frames()) {
      taken.append(frame.opcode() == CLOSE ? '!' : (char) frame.payload()[0]);
    }
    return taken.toString();
  }

  @ParameterizedTest
  @EnumSource(
      value = OutboundPolicy.class,
      names = {"CLOSE", "CONFLATE"})
  @DisplayName("as many bytes wait as the limit says, to the byte; the message over it closes")
  void exactlyTheLimit(OutboundPolicy policy) {
    try (StuckSocket client = new StuckSocket(policy)) {
      for (int i = 0; i < 9; i++) {
        client.send(i + 1, null, text((char) ('0' + i), 4_000 - 100));
        assertThat(client.socket.waitingBytes()).isEqualTo((i + 1) * 4_000L);
      }
      client.send(10, null, text('9', 4_000 - 100));
      assertThat(client.socket.waitingBytes()).isEqualTo(BYTES_MAX);
      assertThat(client.counters.slowClosed.sum()).isZero();
      client.send(11, null, "x");
      assertThat(client.counters.slowClosed.sum()).isEqualTo(1);
      assertThat(client.outcomes).containsExactly(Map.entry(11L, Outcome.CONNECTION_CLOSED));
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("0123456789!");
      assertThat(client.outcomes).hasSize(11).containsEntry(10L, Outcome.WRITTEN);
      assertThat(client.counters.droppedOut.sum()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("a message that is longer than the limit is taken if nothing else waits")
  void longerThanTheLimit() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.CLOSE)) {
      client.send(1, null, text('a', BYTES_MAX + 1));
      assertThat(client.counters.slowClosed.sum()).isZero();
      client.send(2, null, "b");
      assertThat(client.counters.slowClosed.sum()).isEqualTo(1);
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("a!");
    }
  }

  @Test
  @DisplayName("drop oldest: those that wait go from the front, whole, counted; the newest stays")
  void thoseThatWaitAreDroppedFromTheFrontWholeAndCounted() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.DROP_OLDEST)) {
      // Two texts fill the channel's share; of the rest, seven of 4,000 have room with them.
      for (int i = 0; i < 15; i++) {
        client.send(i + 1, null, text((char) ('a' + i), (i < 2 ? 6_000 : 4_000) - 100));
      }
      assertThat(client.channel.isWritable()).isFalse();
      assertThat(client.socket.waitingBytes()).isEqualTo(BYTES_MAX);
      assertThat(client.counters.slowDropped.sum()).isEqualTo(6);
      client.channel.allow(1);
      client.send(16, null, text('p', 4_000 - 100));
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("abijklmnop");
      for (long dropped = 3; dropped <= 8; dropped++) {
        assertThat(client.outcomes).containsEntry(dropped, Outcome.DROPPED);
      }
      assertThat(client.outcomes).hasSize(16).containsEntry(16L, Outcome.WRITTEN);
      assertThat(client.counters.slowClosed.sum()).isZero();
    }
  }

  @Test
  @DisplayName("drop oldest: the newest is kept though what has begun alone is over the limit")
  void dropAllButTheNewest() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.DROP_OLDEST)) {
      client.send(1, null, text('a', BYTES_MAX));
      client.send(2, null, text('b', BYTES_MAX));
      client.send(3, null, text('c', 100));
      assertThat(client.outcomes).containsExactly(Map.entry(2L, Outcome.DROPPED));
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("ac");
    }
  }

  @Test
  @DisplayName("conflate: of each key the latest is left, in the order of sending")
  void ofEachKeyTheLatestIsLeftInTheOrderOfSending() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.CONFLATE)) {
      client.send(1, "p", text('a', CHANNEL_BYTES));
      client.send(2, "p", "b");
      client.send(3, null, "c");
      client.send(4, "q", "d");
      client.send(5, "p", "e");
      client.send(6, null, "f");
      client.send(7, "q", "g");
      client.send(8, "p", "h");
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("acfgh");
      assertThat(client.outcomes)
          .containsEntry(1L, Outcome.WRITTEN)
          .containsEntry(2L, Outcome.CONFLATED)
          .containsEntry(4L, Outcome.CONFLATED)
          .containsEntry(5L, Outcome.CONFLATED)
          .hasSize(8);
      assertThat(client.counters.conflated.sum()).isEqualTo(3);
      assertThat(client.counters.messagesOut.sum()).isEqualTo(5);
    }
  }

  @Test
  @DisplayName(
      "conflate: what is replaced makes room, and is left if the new one is over the limit")
  void conflateAtTheLimit() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.CONFLATE)) {
      client.send(1, null, text('a', CHANNEL_BYTES));
      int left = BYTES_MAX - cost(CHANNEL_BYTES);
      client.send(2, "p", text('b', left - 100));
      assertThat(client.socket.waitingBytes()).isEqualTo(BYTES_MAX);
      client.send(3, "p", text('c', left - 100));
      assertThat(client.socket.waitingBytes()).isEqualTo(BYTES_MAX);
      client.send(4, "p", text('d', left - 99));
      assertThat(client.counters.slowClosed.sum()).isEqualTo(1);
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("ac!");
      assertThat(client.outcomes)
          .containsExactly(
              Map.entry(1L, Outcome.WRITTEN),
              Map.entry(2L, Outcome.CONFLATED),
              Map.entry(3L, Outcome.WRITTEN),
              Map.entry(4L, Outcome.CONNECTION_CLOSED));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = OutboundPolicy.class,
      names = {"CLOSE", "DROP_OLDEST"})
  @DisplayName("with another policy a key means nothing")
  void keysMeanNothing(OutboundPolicy policy) {
    try (StuckSocket client = new StuckSocket(policy)) {
      client.send(1, "p", text('a', CHANNEL_BYTES));
      client.send(2, "p", "b");
      client.send(3, "p", "c");
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("abc");
    }
  }

  @Test
  @DisplayName("the latest of the pings that come meanwhile is answered, before waiting messages")
  void ofPingsThatComeMeanwhileTheLatestIsAnsweredBeforeWhatWaits() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.DROP_OLDEST)) {
      client.send(1, null, text('a', CHANNEL_BYTES));
      client.send(2, null, "b");
      for (String payload : List.of("1", "2", "3")) {
        client.receive(RawClient.frame(PING, payload));
      }
      client.channel.allow(1);
      client.channel.allowAll();
      List<StuckChannel.Frame> frames = client.channel.frames();
      assertThat(frames).extracting(StuckChannel.Frame::opcode).containsExactly(TEXT, PONG, TEXT);
      assertThat(new String(frames.get(1).payload(), UTF_8)).isEqualTo("3");
    }
  }

  @Test
  @DisplayName("an actor's close comes behind all that it sent; what it sends later goes nowhere")
  void closeComesLast() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.CLOSE)) {
      client.send(1, null, text('a', CHANNEL_BYTES));
      client.send(2, null, "b");
      client.socket.close(new CloseReason(4_000, "", Cause.ACTOR));
      client.send(3, null, "c");
      client.receive(RawClient.frame(PING, "never answered"));
      client.channel.allow(1);
      client.channel.allow(1);
      assertThat(taken(client)).isEqualTo("ab");
      client.receive(RawClient.closeFrame(4_000, ""));
      client.channel.allowAll();
      List<StuckChannel.Frame> rest = client.channel.frames();
      assertThat(rest).hasSize(1);
      assertThat(rest.get(0).code()).isEqualTo(4_000);
      assertThat(client.outcomes).containsEntry(2L, Outcome.WRITTEN);
      assertThat(client.outcomes).containsEntry(3L, Outcome.CONNECTION_CLOSED);
      assertThat(client.closes).containsExactly(new CloseReason(4_000, "", Cause.ACTOR));
    }
  }

  @Test
  @DisplayName(
      "the answer to a client's close comes behind what waits, even if the close came late")
  void theAnswerToAClientsCloseComesBehindWhatWaitsEvenIfTheCloseCameLate() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.CONFLATE)) {
      client.send(1, null, text('a', CHANNEL_BYTES));
      client.send(2, "p", "b");
      client.receive(RawClient.closeFrame(1_000, ""));
      assertThat(taken(client)).isEmpty();
      client.channel.allowAll();
      assertThat(taken(client)).isEqualTo("ab!");
    }
  }

  @ParameterizedTest
  @EnumSource(OutboundPolicy.class)
  @DisplayName("messages that wait for a client that is lost are dropped, counted and reported")
  void whatWaitsForAClientThatIsLostIsDroppedCountedAndTold(OutboundPolicy policy) {
    try (StuckSocket client = new StuckSocket(policy)) {
      client.send(1, null, text('a', CHANNEL_BYTES));
      client.send(2, "p", "b");
      client.send(3, null, "c");
      client.lose();
      assertThat(client.outcomes)
          .containsExactly(
              Map.entry(1L, Outcome.CONNECTION_CLOSED),
              Map.entry(2L, Outcome.CONNECTION_CLOSED),
              Map.entry(3L, Outcome.CONNECTION_CLOSED));
      assertThat(client.counters.droppedOut.sum()).isEqualTo(2);
      assertThat(client.counters.messagesOut.sum()).isEqualTo(1);
      client.send(4, null, "d");
      assertThat(client.outcomes).containsEntry(4L, Outcome.CONNECTION_CLOSED);
    }
  }

  @Test
  @DisplayName("a close that waits is dropped with a client that is lost")
  void lostWhileClosing() {
    try (StuckSocket client = new StuckSocket(OutboundPolicy.CLOSE)) {
      client.send(1, null, text('a', CHANNEL_BYTES));
      client.send(2, null, "b");
      client.socket.close(new CloseReason(1_000, "", Cause.ACTOR));
      client.lose();
      assertThat(client.closes).containsExactly(CloseReason.abnormal(Cause.ACTOR));
      assertThat(client.outcomes).containsEntry(2L, Outcome.CONNECTION_CLOSED);
    }
  }
}
