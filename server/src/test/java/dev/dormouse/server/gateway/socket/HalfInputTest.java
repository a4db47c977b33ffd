package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.PONG;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HalfInputTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofMinutes(10);

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static TestServer server(Duration head, Duration frame, Duration message) {
    return GATEWAY.open(GatewayOptions.defaults().head(head).frame(frame).message(message));
  }

  @Test
  @DisplayName(
      "a half head lives 10 s, a half frame 30 s, a half message 60 s, unless told otherwise")
  void theTimesForHalfInputAreThoseOfTheReadme() {
    GatewayOptions defaults = GatewayOptions.defaults();
    assertThat(defaults.head()).isEqualTo(Duration.ofSeconds(10));
    assertThat(defaults.frame()).isEqualTo(Duration.ofSeconds(30));
    assertThat(defaults.message()).isEqualTo(Duration.ofSeconds(60));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6, 7})
  @DisplayName("a frame that breaks off, in its head or its payload, is closed with 1008")
  void aFrameThatBreaksOffInItsHeadOrItsPayloadIsClosedWith1008(int bytes) throws Exception {
    try (TestServer server = server(LONG, SHORT, LONG)) {
      server.host.acceptAll();
      try (RawClient client = server.open("/chat/lobby")) {
        server.host.nextOpen();
        client.text("whole").send(Arrays.copyOf(frame(TEXT, "half"), bytes));
        assertThat(server.host.nextText()).isEqualTo("whole");
        assertThat(client.readClose()).isEqualTo(1008);
        server.host.next(ToHost.Failed.class);
        CloseReason reason = server.host.nextClosed();
        assertThat(reason.code()).isEqualTo(1008);
        assertThat(reason.reason()).isEqualTo("a frame was not finished in time");
        assertThat(reason.cause()).isEqualTo(Cause.VIOLATION);
        client.awaitEnd();
      }
    }
  }

  @Test
  @DisplayName("a message that is not finished is closed with 1008, whatever pings come between")
  void aMessageThatIsNotFinishedIsClosedWith1008WhateverPingsComeBetween() throws Exception {
    try (TestServer server = server(LONG, LONG, SHORT)) {
      server.host.acceptAll();
      try (RawClient client = server.open("/chat/lobby")) {
        server.host.nextOpen();
        client.send(frame(false, TEXT, "half".getBytes(UTF_8)), frame(PING, "p"));
        assertThat(client.readFrame().opcode()).isEqualTo(PONG);
        assertThat(client.readClose()).isEqualTo(1008);
        server.host.next(ToHost.Failed.class);
        assertThat(server.host.nextClosed().reason())
            .isEqualTo("a message was not finished in time");
      }
    }
  }

  @Test
  @DisplayName("whoever is idle, or finishes what was begun, may go on for ever")
  void whoeverIsIdleOrFinishesWhatWasBegunMayGoOnForEver() throws Exception {
    Duration limit = Duration.ofMillis(500);
    try (TestServer server = server(limit, limit, limit)) {
      server.host.acceptAll();
      try (RawClient client = server.open("/chat/lobby")) {
        server.host.nextOpen();
        client.send(
            frame(false, TEXT, "a".getBytes(UTF_8)),
            frame(true, CONTINUATION, "b".getBytes(UTF_8)));
        assertThat(server.host.nextText()).isEqualTo("ab");
        byte[] frame = frame(TEXT, "halves");
        client.send(Arrays.copyOf(frame, 5)).send(Arrays.copyOfRange(frame, 5, frame.length));
        assertThat(server.host.nextText()).isEqualTo("halves");
        for (int i = 0; i < 6; i++) {
          server.host.hearsNothing(); // the wait is 100 ms
        }
        assertThat(client.text("later").send(frame(PING, "")).readFrame().opcode()).isEqualTo(PONG);
      }
    }
  }

  @Test
  @DisplayName("the time in which the server does not read is not counted")
  void theTimeInWhichTheServerDoesNotReadIsNotCounted() throws Exception {
    try (TestServer server = server(LONG, SHORT, SHORT)) {
      server.host.acceptOnly();
      try (RawClient client = server.open("/chat/lobby")) {
        ConnectionId id = server.host.nextOpen();
        byte[] rest = frame(TEXT, "rest");
        int waiting =
            InboundMessages.Window.WAITING_BYTES_ENOUGH
                / InboundMessages.Window.MESSAGE_OVERHEAD_BYTES;
        int messages = Transport.CREDIT + waiting;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < messages; i++) {
          bytes.writeBytes(frame(TEXT, "x"));
        }
        bytes.write(rest, 0, 3);
        client.send(bytes.toByteArray());
        client.send(Arrays.copyOfRange(rest, 3, rest.length));
        for (int i = 0; i < Transport.CREDIT; i++) {
          server.host.nextText();
        }
        server.host.hearsNothing();
        for (int i = 1; i <= messages; i++) {
          server.host.release(LOBBY, new ToGateway.Handled(id, i));
          if (i + Transport.CREDIT <= messages) {
            assertThat(server.host.nextText()).isEqualTo("x");
          }
        }
        assertThat(server.host.nextText()).isEqualTo("rest");
        server.host.hearsNothing();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "G", "GET /chat/lobby HTTP/1.1\r\nHost: x\r\n"})
  @DisplayName("a connection without a whole head is answered 408, and ended")
  void aConnectionWithoutAWholeHeadIsAnswered408AndEnded(String head) {
    try (TestServer server = server(SHORT, LONG, LONG)) {
      Heard heard = new Heard(false);
      server.observers.add(heard);
      try (RawClient client = server.client()) {
        Answer answer = client.send(head).readAnswer();
        assertThat(answer.status()).isEqualTo(408);
        assertThat(answer.header("Connection")).containsExactly("close");
        client.awaitEnd();
      }
      assertThat(heard.next(LimitHit.class))
          .isEqualTo(new LimitHit("request-head-time", "408", null, null));
      assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.HEAD_TIME, 1L);
    }
  }

  @Test
  @DisplayName("between requests a connection may be idle; a later half head ends it too")
  void betweenRequestsAConnectionMayBeIdle() throws Exception {
    try (TestServer server = server(SHORT, LONG, LONG);
        RawClient client = server.client()) {
      assertThat(client.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      server.host.hearsNothing();
      assertThat(client.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      assertThat(client.send("GET /no").readAnswer().status()).isEqualTo(408);
      client.awaitEnd();
    }
  }

  @Test
  @DisplayName("a half head behind a request that waits ends the connection without a 408")
  void halfHeadBehindARequest() throws Exception {
    try (TestServer server = server(SHORT, LONG, LONG);
        RawClient client = server.client()) {
      client.send("GET /small/one HTTP/1.1\r\nHost: x\r\n\r\nGET /");
      server.host.next(ToHost.Request.class);
      assertThat(client.readToEnd()).isEmpty();
    }
  }
}
