package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.socket.StuckSocket.BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Payload;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that a slow client is told from a dead one by its progress, with a clock that the test
 * moves.
 */
class SlowOrDeadTest {
  private static final int BURST = 1_000_000;
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private static StuckSocket client(OutboundPolicy policy) {
    return new StuckSocket(
        policy,
        null,
        GatewayOptions.defaults()
            .reading(LIMIT)
            .burstBytesMax(BURST)
            .pingInterval(Duration.ofSeconds(30)));
  }

  private static long opcodes(List<StuckChannel.Frame> frames, int opcode) {
    return frames.stream().filter(frame -> frame.opcode() == opcode).count();
  }

  @ParameterizedTest
  @EnumSource(
      value = OutboundPolicy.class,
      names = {"CLOSE", "CONFLATE"})
  @DisplayName(
      "F16 a long message and what follows reach a client that reads steadily, however slowly")
  void aLongMessageAndWhatFollowsReachAClientThatReadsSteadilyHoweverSlowly(OutboundPolicy policy) {
    try (StuckSocket client = client(policy)) {
      client.send(1, null, "a".repeat(8 * BYTES_MAX));
      client.channel.allowBytes(1_000);
      client.send(2, null, "5bytes");
      int seconds = 0;
      while (client.outcomes.size() < 2 && seconds < 10_000) {
        client.pass(SECOND);
        client.channel.allowBytes(1_000);
        seconds++;
      }
      assertThat(seconds).isGreaterThan(300);
      assertThat(client.outcomes).containsValues(Outcome.WRITTEN).hasSize(2);
      assertThat(client.counters.slowClosed.sum()).isZero();
      assertThat(client.counters.silentDropped.sum()).isZero();
      assertThat(client.closes).isEmpty();
    }
  }

  @Test
  @DisplayName("F16 O3 bursts of a turn wait for a client that reads, up to the bound")
  void burstsOfATurnWaitForAClientThatReadsUpToTheBound() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      int messages = 20;
      for (int i = 1; i <= messages; i++) {
        client.send(i, null, "m".repeat(BYTES_MAX));
      }
      assertThat(client.outcomes).isEmpty();
      client.channel.allowAll();
      assertThat(client.outcomes).hasSize(messages).containsValue(Outcome.WRITTEN);
      assertThat(client.counters.slowClosed.sum()).isZero();
    }
  }

  @Test
  @DisplayName("F16 however steadily it reads, no more waits for a client than the bound")
  void howeverSteadilyItReadsNoMoreWaitsForAClientThanTheBound() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      int sent = 0;
      while (client.counters.slowClosed.sum() == 0 && sent < 1_000) {
        client.pass(SECOND);
        client.channel.allowBytes(1_000);
        client.send(++sent, null, "m".repeat(9_900));
        assertThat(client.socket.waitingBytes()).isLessThanOrEqualTo(BYTES_MAX + BURST);
      }
      assertThat(client.counters.slowClosed.sum()).isEqualTo(1);
      assertThat(client.socket.waitingBytes()).isGreaterThan(BURST);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = OutboundPolicy.class,
      names = {"CLOSE", "CONFLATE"})
  @DisplayName(
      "F16 a client that takes nothing for 30 s is closed with 1013, though nothing more is sent")
  void aClientThatTakesNothingFor30SIsClosedWith1013ThoughNothingMoreIsSent(OutboundPolicy policy) {
    try (StuckSocket client = client(policy)) {
      client.send(1, null, "a".repeat(2 * BYTES_MAX));
      client.pass(LIMIT.minusMillis(1));
      client.channel.allowBytes(100); // far too few bytes
      assertThat(client.counters.slowClosed.sum()).isZero();
      client.pass(Duration.ofMillis(1));
      assertThat(client.counters.slowClosed.sum()).isEqualTo(1);
      client.channel.allowAll();
      assertThat(opcodes(client.channel.frames(), CLOSE)).isEqualTo(1);
      client.receive(RawClient.closeFrame(1013, ""));
      assertThat(client.closes).containsExactly(Closing.TOO_SLOW);
    }
  }

  @Test
  @DisplayName(
      "F16 one that stops after a good beginning is closed 30 s later, at its next message too")
  void oneThatStopsAfterAGoodBeginningIsClosed30SLaterAtItsNextMessageToo() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.send(1, null, "a".repeat(8 * BYTES_MAX));
      for (int second = 0; second < 100; second++) {
        client.pass(SECOND);
        client.channel.allowBytes(1_000);
      }
      client.channel.stop();
      for (int second = 0; second < 70 && client.counters.slowClosed.sum() == 0; second++) {
        client.pass(SECOND);
        client.send(2 + second, null, "b");
      }
      assertThat(client.counters.slowClosed.sum()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName(
      "a dead client for which little waits is dropped as silent, as one for which nothing does")
  void silentWithLittleWaiting() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.send(1, null, "a".repeat(BYTES_MAX / 2));
      for (int second = 0; second < 70 && client.closes.isEmpty(); second++) {
        client.pass(SECOND);
      }
      assertThat(client.closes).containsExactly(CloseReason.abnormal(Cause.CLIENT_SILENT));
      assertThat(client.counters.slowClosed.sum()).isZero();
    }
  }

  @Test
  @DisplayName("a ping that waits behind bytes which the client takes is not missed")
  void slowerThanItsPing() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.send(1, null, "a".repeat(BYTES_MAX - 1_000));
      for (int second = 0; second < 130; second++) {
        client.pass(SECOND);
        client.channel.allowBytes(300);
      }
      assertThat(client.closes).isEmpty();
      client.channel.allowAll();
      assertThat(opcodes(client.channel.frames(), PING)).isPositive();
    }
  }

  @Test
  @DisplayName("drop oldest: what one turn says is not dropped for what it says next")
  void burstIsNotDropped() {
    try (StuckSocket client = client(OutboundPolicy.DROP_OLDEST)) {
      sayInOneTurn(client, 1, 10);
      assertThat(client.outcomes).isEmpty();
      sayInOneTurn(client, 11, 1);
      assertThat(client.outcomes).containsValue(Outcome.DROPPED);
      client.channel.allowAll();
      assertThat(client.outcomes).hasSize(11).containsEntry(11L, Outcome.WRITTEN);
      assertThat(client.counters.slowClosed.sum()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("messages before a close arrive before it, however slowly the client reads")
  void backlogBeforeClose(boolean actorCloses) {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.send(1, null, "a".repeat(2 * BYTES_MAX));
      client.send(2, null, "b");
      if (actorCloses) {
        client.socket.close(new CloseReason(4000, "", Cause.ACTOR));
      } else {
        client.receive(RawClient.closeFrame(4000, ""));
      }
      int seconds = 0;
      while (client.outcomes.size() < 2 && seconds < 1_000) {
        client.pass(SECOND);
        client.channel.allowBytes(1_000);
        seconds++;
      }
      assertThat(client.outcomes).containsEntry(1L, Outcome.WRITTEN);
      assertThat(client.outcomes).containsEntry(2L, Outcome.WRITTEN);
      client.channel.allowAll();
      assertThat(opcodes(client.channel.frames(), CLOSE)).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("a close waits no longer than ever for a client that takes nothing")
  void backlogOfTheDead() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.send(1, null, "a".repeat(2 * BYTES_MAX));
      client.socket.close(new CloseReason(4000, "", Cause.ACTOR));
      client.pass(Duration.ofSeconds(4));
      assertThat(client.closes).isEmpty();
      client.pass(SECOND);
      assertThat(client.closes).containsExactly(CloseReason.abnormal(Cause.ACTOR));
    }
  }

  /**
   * Lets the client send these bytes at a rate; returns the time that passed until the end, or
   * until the client was closed.
   */
  private static Duration trickle(StuckSocket client, byte[] bytes, int perSecond) {
    int seconds = 0;
    for (int at = 0; at < bytes.length && client.closes.isEmpty(); at += perSecond) {
      client.receive(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + perSecond)));
      client.pass(SECOND);
      seconds++;
    }
    return Duration.ofSeconds(seconds);
  }

  private static byte[] fragments(int number, int bytes) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < number; i++) {
      all.writeBytes(
          RawClient.frame(
              i == number - 1,
              i == 0 ? RawClient.BINARY : RawClient.CONTINUATION,
              new byte[bytes]));
      all.writeBytes(RawClient.frame(PING, "between"));
    }
    return all.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {24 << 10, 1_000, 300})
  @DisplayName("F17 a frame that comes on steadily is taken, however long that takes")
  void aFrameThatComesOnSteadilyIsTakenHoweverLongThatTakes(int perSecond) {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      byte[] frame = RawClient.frame(RawClient.BINARY, new byte[900 << 10]);
      assertThat(trickle(client, frame, perSecond)).isGreaterThan(LIMIT);
      assertThat(client.messages).containsExactly(900 << 10);
      assertThat(client.closes).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {24 << 10, 1_000, 400})
  @DisplayName("F17 so is a message in fragments, with control frames between them")
  void aMessageInFragmentsThatComesOnSteadilyIsTaken(int perSecond) {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.channel.allowAll(); // pongs
      byte[] message = fragments(100, 10_000);
      assertThat(trickle(client, message, perSecond)).isGreaterThan(LIMIT);
      assertThat(client.messages).containsExactly(1_000_000);
      assertThat(client.closes).isEmpty();
    }
  }

  @Test
  @DisplayName("F17 a frame that stops, or dribbles, is closed with 1008 after 30 s")
  void aFrameThatStopsOrDribblesIsClosedWith1008After30S() {
    byte[] frame = RawClient.frame(RawClient.BINARY, new byte[900 << 10]);
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.receive(Arrays.copyOf(frame, 500_000));
      client.pass(LIMIT.minusMillis(1));
      assertThat(client.closes).isEmpty();
      client.pass(Duration.ofMillis(1));
      assertThat(client.closes).extracting(CloseReason::code).containsExactly(1008);
    }
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      assertThat(trickle(client, frame, 100)).isEqualTo(LIMIT);
      assertThat(client.closes).extracting(CloseReason::code).containsExactly(1008);
    }
  }

  @Test
  @DisplayName(
      "F17 a message of which only pings and empty fragments come is closed after a minute")
  void aMessageOfWhichOnlyPingsAndEmptyFragmentsComeIsClosedAfterAMinute() {
    try (StuckSocket client = client(OutboundPolicy.CLOSE)) {
      client.channel.allowAll();
      client.receive(RawClient.frame(false, RawClient.BINARY, new byte[500]));
      int seconds = 0;
      while (client.closes.isEmpty() && seconds < 100) {
        client.receive(RawClient.frame(PING, "x".repeat(120)));
        client.receive(RawClient.frame(false, RawClient.CONTINUATION, new byte[0]));
        client.pass(SECOND);
        seconds++;
      }
      assertThat(seconds).isEqualTo(60);
      assertThat(client.closes).extracting(CloseReason::code).containsExactly(1008);
    }
  }

  private static void sayInOneTurn(StuckSocket client, int first, int messages) {
    for (int i = 0; i < messages; i++) {
      client.socket.send(Payload.text("m".repeat(BYTES_MAX / 2)), null, null, first + i);
    }
    client.socket.flush();
  }
}
