package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static dev.dormouse.server.gateway.RawClient.closeFrame;
import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CloseTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server = GATEWAY.open(GatewayOptions.defaults().close(Duration.ofMillis(200)));
    host = server.host;
    host.acceptAll();
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999})
  @DisplayName("a client's close is echoed with its code, and told with code and reason")
  void aClientsCloseIsEchoedWithItsCodeAndToldWithCodeAndReason(int code) throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.text("last").send(closeFrame(code, "so long"));
      assertThat(client.readClose()).isEqualTo(code);
      client.awaitEnd();
      assertThat(host.nextText()).isEqualTo("last");
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(code, "so long", Cause.CLIENT));
    }
    host.hearsNothing();
    assertThat(server.gateway.counts().sockets()).isZero();
  }

  @Test
  @DisplayName("a close without a code is echoed without, and told as 1005")
  void closeWithoutCode() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.send(frame(CLOSE, ""));
      RawClient.Frame echo = client.readFrame();
      assertThat(echo.opcode()).isEqualTo(CLOSE);
      assertThat(echo.payload()).isEmpty();
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1005, "", Cause.CLIENT));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535})
  @DisplayName("S39 a close with a code that may not be sent is answered 1002")
  void aCloseWithACodeThatMayNotBeSentIsAnswered1002(int code) throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.send(closeFrame(code, ""));
      assertThat(client.readClose()).isEqualTo(1002);
      host.next(ToHost.Failed.class);
      assertThat(host.nextClosed().cause()).isEqualTo(Cause.VIOLATION);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1005, 1006, 1015})
  @DisplayName("S39 a host's close with a code that may not be sent goes out as 1011")
  void hostsReservedCodes(int code) throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.release(LOBBY, new ToGateway.Close(host.nextOpen(), code, ""));
      assertThat(client.readClose()).isEqualTo(1011);
    }
  }

  @Test
  @DisplayName(
      "S36 S39 the actor's close leaves after what was sent, and is told when it is echoed")
  void theActorsCloseLeavesAfterWhatWasSentAndIsToldWhenItIsEchoed() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      host.release(
          LOBBY,
          new ToGateway.Send(id, Payload.text("last")),
          new ToGateway.Close(id, 3999, "enough"),
          new ToGateway.Send(id, Payload.text("dropped")));
      assertThat(client.readText()).isEqualTo("last");
      RawClient.Frame close = client.readFrame();
      assertThat(close.opcode()).isEqualTo(CLOSE);
      assertThat(close.code()).isEqualTo(3999);
      assertThat(close.text()).endsWith("enough");
      client.text("too late");
      client.send(closeFrame(3999, ""));
      client.awaitEnd();
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(3999, "enough", Cause.ACTOR));
      host.hearsNothing();
      assertThat(server.gateway.counts().droppedIn()).isEqualTo(1);
      assertThat(server.gateway.counts().droppedOut()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("S38 the actor's close that nobody answers ends in time, as 1006")
  void theActorsCloseThatNobodyAnswersEndsInTimeAs1006() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.release(LOBBY, new ToGateway.Close(host.nextOpen(), 1000, "bye"));
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1006, "", Cause.ACTOR));
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
    }
  }

  @Test
  @DisplayName("O8 S32 a reset is told once, in plain words, and as 1006")
  void aResetIsToldOnceInPlainWordsAndAs1006() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.reset();
      ToHost.Failed failed = host.next(ToHost.Failed.class);
      assertThat(failed.error()).isEqualTo("the connection was reset");
      assertThat(failed.reason()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
      assertThat(host.nextClosed()).isEqualTo(failed.reason());
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("S32 an end without a close frame is told once, as 1006")
  void endWithoutClose() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.text("last").endOutput();
      assertThat(host.nextText()).isEqualTo("last");
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
      client.awaitEnd();
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("a client that closes and ends its output at once still reads the echo")
  void closeAndEnd() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.send(closeFrame(1000, "")).endOutput();
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
      assertThat(host.nextClosed().cause()).isEqualTo(Cause.CLIENT);
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("S35 S40 what is sent to a closed connection goes nowhere, and is counted")
  void sendToClosed() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.send(closeFrame(1000, ""));
      assertThat(host.nextClosed().code()).isEqualTo(1000);
      host.release(
          LOBBY,
          new ToGateway.Send(id, Payload.text("x")),
          new ToGateway.Broadcast(java.util.List.of(), Set.of(), Payload.text("y")),
          new ToGateway.Close(id, 1000, ""),
          new ToGateway.Handled(id, 5),
          new ToGateway.Send(ConnectionId.of(7, 999), Payload.text("z")));
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
      host.hearsNothing();
      assertThat(server.gateway.counts().droppedOut()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("a close is told after the messages before it are handled, unless the actor closes")
  void closeWaitsForMessages() throws Exception {
    host.acceptOnly();
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.text("1").text("2").send(closeFrame(1000, ""));
      assertThat(host.nextText()).isEqualTo("1");
      assertThat(host.nextText()).isEqualTo("2");
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
      host.release(LOBBY, new ToGateway.Handled(id, 1));
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Handled(id, 2));
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1000, "", Cause.CLIENT));
    }
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.text("1").send(closeFrame(1000, ""));
      assertThat(host.nextText()).isEqualTo("1");
      assertThat(client.readClose()).isEqualTo(1000);
      host.release(LOBBY, new ToGateway.Close(id, 1000, ""));
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1000, "", Cause.CLIENT));
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("the HTTP server's close ends its sockets, and the actor hears of it")
  void theHTTPServersCloseEndsItsSocketsAndTheActorHearsOfIt() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      server.close();
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
      client.awaitEnd();
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("O2 S36 answers leave before the echo, though they come later, and broadcasts do")
  void answersBeforeEcho() throws Exception {
    host.acceptOnly();
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.text("1").text("2").send(closeFrame(1000, "")).text("too late");
      assertThat(host.nextText()).isEqualTo("1");
      assertThat(host.nextText()).isEqualTo("2");
      host.release(
          LOBBY, new ToGateway.Send(id, Payload.text("one")), new ToGateway.Handled(id, 1));
      host.release(
          LOBBY,
          new ToGateway.Broadcast(java.util.List.of(), Set.of(), Payload.text("two")),
          new ToGateway.Handled(id, 2));
      assertThat(client.readText()).isEqualTo("one");
      assertThat(client.readText()).isEqualTo("two");
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1000, "", Cause.CLIENT));
      host.hearsNothing();
      assertThat(server.gateway.counts().droppedOut()).isZero();
    }
  }

  @Test
  @DisplayName("O6 the code that the client answers with is told, and that the actor began")
  void theCodeThatTheClientAnswersWithIsToldAndThatTheActorBegan() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.release(LOBBY, new ToGateway.Close(host.nextOpen(), 4007, "enough"));
      assertThat(client.readClose()).isEqualTo(4007);
      client.send(closeFrame(4010, "as you like"));
      CloseReason reason = host.nextClosed();
      assertThat(reason).isEqualTo(new CloseReason(4010, "as you like", Cause.ACTOR));
      assertThat(reason.wasBegunByServer()).isTrue();
    }
    try (RawClient client = server.open("/chat/lobby")) {
      host.release(LOBBY, new ToGateway.Close(host.nextOpen(), 4007, "enough"));
      assertThat(client.readClose()).isEqualTo(4007);
      client.send(frame(CLOSE, ""));
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1005, "", Cause.ACTOR));
    }
    try (RawClient client = server.open("/chat/lobby")) {
      host.release(LOBBY, new ToGateway.Close(host.nextOpen(), 4007, "enough"));
      assertThat(client.readClose()).isEqualTo(4007);
      client.send(closeFrame(1006, "")); // this code may not be sent, so there is no answer
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.ACTOR));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName(
      "O2 a client that ends its half of TCP still gets the answers to what it sent before")
  void answersBeforeTheOtherHalfEnds(boolean hasCloseFrame) throws Exception {
    host.acceptOnly();
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.text("1");
      if (hasCloseFrame) {
        client.send(closeFrame(1000, ""));
      }
      client.endOutput();
      assertThat(host.nextText()).isEqualTo("1");
      server.awaitIdleLoops();
      host.release(
          LOBBY, new ToGateway.Send(id, Payload.text("one")), new ToGateway.Handled(id, 1));
      assertThat(client.readText()).isEqualTo("one");
      if (hasCloseFrame) {
        assertThat(client.readClose()).isEqualTo(1000);
      }
      client.awaitEnd();
      CloseReason lost = CloseReason.abnormal(Cause.CONNECTION_LOST);
      assertThat(host.nextClosed())
          .isEqualTo(hasCloseFrame ? new CloseReason(1000, "", Cause.CLIENT) : lost);
    }
  }

  // With JDK 25 and epoll one in twenty of these clients sees the end of the stream before the last
  // bytes, although all were handed to the system and none was reset; the cause is not known.
  @Tag("once")
  @Test
  @DisplayName("O2 messages that wait for a client which has ended its half of TCP still leave")
  void whatWaitsForAHalfClosedClientLeaves() throws Exception {
    String large = "x".repeat(2_000_000);
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      for (int i = 0; i < 10; i++) {
        host.release(LOBBY, new ToGateway.Send(id, Payload.text(large)));
      }
      server.awaitIdleLoops(); // all messages come before the close
      client.send(closeFrame(1000, "")).endOutput();
      server.awaitIdleLoops();
      for (int i = 0; i < 10; i++) {
        assertThat(client.readText()).hasSize(large.length());
      }
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
    }
  }
}
