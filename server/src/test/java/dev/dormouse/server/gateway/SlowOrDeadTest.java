package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.StuckSocket.BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.protocol.Payload;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client is slow, or dead: told apart by whether it goes on, by a clock that the test moves. */
class SlowOrDeadTest {
  private static final int BURST = 1_000_000;
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private static StuckSocket client(OutboundPolicy policy) {
    return new StuckSocket(
        policy,
        null,
        GatewayOptions.defaults().slowness(LIMIT, BURST).pingInterval(Duration.ofSeconds(30)));
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
  void steadyReader(OutboundPolicy policy) {
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
  void burst() {
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
  void bound() {
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
  void deadReader(OutboundPolicy policy) {
    try (StuckSocket client = client(policy)) {
      client.send(1, null, "a".repeat(2 * BYTES_MAX));
      client.pass(LIMIT.minusMillis(1));
      client.channel.allowBytes(100); // far too few
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
  void stopsReading() {
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
  @DisplayName("what was sent before a close arrives before it, however slowly the client reads")
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

  private static void sayInOneTurn(StuckSocket client, int first, int messages) {
    for (int i = 0; i < messages; i++) {
      client.socket.send(Payload.text("m".repeat(BYTES_MAX / 2)), null, null, first + i);
    }
    client.socket.flush();
  }
}
