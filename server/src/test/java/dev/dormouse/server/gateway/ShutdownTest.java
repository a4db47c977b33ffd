package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ShutdownTest {
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
  @DisplayName("S37 every client gets the code, the actor hears of each once, then nothing is left")
  void everyClientGetsTheCodeAndTheActorHearsOfEachOnce() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      clients.add(server.open("/chat/lobby"));
      host.nextOpen();
    }
    Future<Void> done = server.gateway.shutdown(1001, Duration.ofSeconds(10));
    for (RawClient client : clients) {
      assertThat(client.readClose()).isEqualTo(1001);
      client.send(RawClient.closeFrame(1001, ""));
      client.awaitEnd();
      client.close();
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1001, "", Cause.SHUTDOWN));
    }
    TestServer.await(done);
    assertThat(server.gateway.counts().sockets()).isZero();
    host.hearsNothing();
  }

  @Test
  @DisplayName("S37 many clients hear it spread over half of the time, each once")
  void spreadsManyCloses() throws Exception {
    host.acceptAll();
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      clients.add(server.open("/chat/lobby"));
      host.nextOpen();
    }
    long beganNs = System.nanoTime();
    Future<Void> done = server.gateway.shutdown(1012, Duration.ofSeconds(10));
    for (RawClient client : clients) {
      assertThat(client.readClose()).isEqualTo(1012);
      client.send(RawClient.closeFrame(1012, ""));
      client.close();
    }
    TestServer.await(done);
    // The server closes 100 at once, and 100 more each of the two times that a timer of 10 ms runs.
    assertThat(System.nanoTime() - beganNs).isGreaterThanOrEqualTo(20_000_000);
    for (int i = 0; i < clients.size(); i++) {
      assertThat(host.nextClosed().cause()).isEqualTo(Cause.SHUTDOWN);
    }
    host.hearsNothing();
  }

  @Test
  @DisplayName("O2 the answers to messages that came before leave before the close frame")
  void answersLeaveBeforeTheClose() throws Exception {
    host.acceptOnly();
    try (RawClient client = server.open("/chat/lobby");
        RawClient other = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      host.nextOpen();
      client.text("1");
      assertThat(host.nextText()).isEqualTo("1");
      Future<Void> done = server.gateway.shutdown(1001, Duration.ofSeconds(10));
      assertThat(other.readClose()).isEqualTo(1001);
      host.release(
          new ActorId("chat", "lobby"),
          new ToGateway.Send(id, Payload.text("one")),
          new ToGateway.Handled(id, 1));
      assertThat(client.readText()).isEqualTo("one");
      assertThat(client.readClose()).isEqualTo(1001);
      client.send(RawClient.closeFrame(1001, ""));
      other.send(RawClient.closeFrame(1001, ""));
      TestServer.await(done);
    }
  }

  @Test
  @DisplayName("S38 clients that never answer, and hosts that never handle, do not hold it up")
  void clientsThatNeverAnswerAndHostsThatNeverHandleDoNotHoldItUp() throws Exception {
    host.acceptOnly();
    try (RawClient silent = server.open("/chat/lobby");
        RawClient unheard = server.open("/chat/lobby")) {
      host.nextOpen();
      host.nextOpen();
      unheard.text("m");
      host.nextText();
      TestServer.await(server.gateway.shutdown(1012, Duration.ofMillis(100)));
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1012, "", Cause.SHUTDOWN));
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1012, "", Cause.SHUTDOWN));
      assertThat(silent.readClose()).isEqualTo(1012);
      silent.awaitEnd();
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("upgrades that wait, and those that come, are answered 503")
  void upgradesThatWaitAndThoseThatComeAreAnswered503() throws Exception {
    host.script(FakeHost::handled);
    try (RawClient waiting = server.client();
        RawClient late = server.client()) {
      waiting.send(RawClient.upgrade("/chat/lobby"));
      host.nextOpen();
      TestServer.await(server.gateway.shutdown(1001, Duration.ofSeconds(10)));
      late.send(RawClient.upgrade("/chat/lobby"));
      for (RawClient client : List.of(waiting, late)) {
        Answer answer = client.readAnswer();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).containsExactly("1");
      }
      host.hearsNothing();
    }
  }
}
