package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.PONG;
import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A budget of 1 MiB, clients that use 600,000 bytes of it each, and one that uses little. */
class InboundBudgetTest {
  private static final byte[] MUCH = new byte[600_000];

  private static Vertx vertx;
  private TestServer server;
  private FakeHost host;
  private final List<RawClient> clients = new ArrayList<>();
  private final List<ConnectionId> ids = new ArrayList<>();

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
    server = new TestServer(vertx, GatewayOptions.defaults().inboundBytesMax(1 << 20));
    host = server.host;
    host.acceptOnly();
  }

  @AfterEach
  void stop() {
    clients.forEach(RawClient::close);
    server.close();
  }

  private RawClient client() throws Exception {
    RawClient client = server.open("/chat/lobby");
    clients.add(client);
    ids.add(host.nextOpen());
    return client;
  }

  private void sendsMuch(int number) throws Exception {
    client().send(frame(BINARY, MUCH));
    ToHost.Message message = host.next(ToHost.Message.class);
    assertThat(message.connection()).isEqualTo(ids.get(number));
  }

  private void handled(int number, long sequence) {
    host.release(LOBBY, new ToGateway.Handled(ids.get(number), sequence));
  }

  private void littleIsHeard() throws Exception {
    try (RawClient small = server.open("/chat/lobby")) {
      host.nextOpen();
      for (int i = 0; i < 5; i++) {
        small.text("little " + i);
        assertThat(host.nextText()).isEqualTo("little " + i);
      }
      small.send(frame(PING, ""));
      assertThat(small.readFrame().opcode()).isEqualTo(PONG);
    }
  }

  @Test
  @DisplayName("when it is scarce whoever has much unhandled is not read, until that is handled")
  void scarce() throws Exception {
    sendsMuch(0);
    sendsMuch(1);
    clients.get(0).text("later").send(frame(PING, ""));
    host.hearsNothing();
    littleIsHeard();
    handled(0, 1);
    assertThat(host.nextText()).isEqualTo("later");
    assertThat(clients.get(0).readFrame().opcode()).isEqualTo(PONG);
    assertThat(server.gateway.counts().overloadClosed()).isZero();
  }

  @Test
  @DisplayName("when it is spent whoever sends more is closed with 1013; what came is handled")
  void spent() throws Exception {
    sendsMuch(0);
    sendsMuch(1);
    client().text("little").send(frame(BINARY, MUCH));
    assertThat(host.nextText()).isEqualTo("little");
    assertThat(clients.get(2).readClose()).isEqualTo(1013);
    littleIsHeard();
    handled(2, 1);
    assertThat(host.next(ToHost.Failed.class).connection()).isEqualTo(ids.get(2));
    assertThat(host.nextClosed().cause()).isEqualTo(Cause.VIOLATION);
    assertThat(server.gateway.counts().overloadClosed()).isEqualTo(1);
    for (int i = 0; i < 2; i++) {
      handled(i, 1);
      clients.get(i).text("on and on");
      assertThat(host.nextText()).isEqualTo("on and on");
    }
    sendsMuch(3);
  }

  @Test
  @DisplayName("what is not whole counts too, and counts no more when its client is gone")
  void unfinished() throws Exception {
    for (int i = 0; i < 2; i++) {
      client().send(frame(false, BINARY, MUCH), frame(PING, ""));
      assertThat(clients.get(i).readFrame().opcode()).isEqualTo(PONG);
    }
    client().send(frame(false, BINARY, MUCH));
    assertThat(clients.get(2).readClose()).isEqualTo(1013);
    host.next(ToHost.Failed.class);
    assertThat(host.next(ToHost.Closed.class).connection()).isEqualTo(ids.get(2));
    littleIsHeard();
    clients.get(0).close();
    assertThat(host.next(ToHost.Closed.class).connection()).isEqualTo(ids.get(0));
    clients.get(1).send(frame(true, CONTINUATION, new byte[1]));
    assertThat(host.next(ToHost.Message.class).payload().size()).isEqualTo(MUCH.length + 1);
    handled(1, 1);
    clients.get(1).send(frame(PING, ""));
    assertThat(clients.get(1).readFrame().opcode()).isEqualTo(PONG); // its event loop has heard it
    sendsMuch(3);
  }
}
