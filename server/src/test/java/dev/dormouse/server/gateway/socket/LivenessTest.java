package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.PONG;
import static dev.dormouse.server.gateway.RawClient.TEXT;
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
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LivenessTest {
  private static final Duration INTERVAL = Duration.ofMillis(500);

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server = GATEWAY.open(GatewayOptions.defaults().pingInterval(INTERVAL));
    host = server.host;
    host.acceptAll();
  }

  /** Waits for a ping and answers it. */
  private static void answerPing(RawClient client) {
    RawClient.Frame ping = client.readFrame();
    assertThat(ping.opcode()).isEqualTo(PING);
    assertThat(ping.payload()).isEmpty();
    client.send(frame(PONG, ""));
  }

  @Test
  @DisplayName("a client that never answers is pinged once, dropped, and told as silent")
  void aClientThatNeverAnswersIsPingedOnceDroppedAndToldAsSilent() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      assertThat(client.readFrame().opcode()).isEqualTo(PING);
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CLIENT_SILENT));
      client.awaitEnd();
      host.hearsNothing();
    }
    assertThat(server.gateway.counts().pings()).isEqualTo(1);
    assertThat(server.gateway.counts().silentDropped()).isEqualTo(1);
    assertThat(server.gateway.counts().sockets()).isZero();
  }

  @Test
  @DisplayName("one that answers stays, and its actor hears nothing of it")
  void oneThatAnswersStaysAndItsActorHearsNothingOfIt() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      for (int i = 0; i < 4; i++) {
        answerPing(client);
      }
      host.hearsNothing();
      assertThat(server.gateway.counts().pings()).isGreaterThanOrEqualTo(4);
      assertThat(server.gateway.counts().silentDropped()).isZero();
    }
  }

  @Test
  @DisplayName("a byte now and then of a message is a sign of life")
  void aByteNowAndThenOfAMessageIsASignOfLife() throws Exception {
    byte[] message = frame(TEXT, "slowly");
    try (RawClient pacer = server.open("/chat/lobby");
        RawClient slow = server.open("/chat/lobby")) {
      host.nextOpen();
      host.nextOpen();
      for (int i = 0; i < 4; i++) {
        slow.send(new byte[] {message[i]});
        answerPing(pacer);
      }
      slow.send(Arrays.copyOfRange(message, 4, message.length));
      assertThat(host.nextText()).isEqualTo("slowly");
      assertThat(server.gateway.counts().silentDropped()).isZero();
    }
  }

  @Test
  @DisplayName("a client whose messages wait for its actor is not read, and not taken for dead")
  void aClientWhoseMessagesWaitForItsActorIsNotReadAndNotTakenForDead() throws Exception {
    host.acceptOnly();
    try (RawClient pacer = server.open("/chat/other");
        RawClient waiting = server.open("/chat/lobby")) {
      host.nextOpen();
      ConnectionId id = host.nextOpen();
      waiting.send(frame(BINARY, new byte[InboundMessages.Window.HELD_BYTES_ENOUGH]));
      host.next(ToHost.Message.class);
      for (int i = 0; i < 4; i++) {
        answerPing(pacer);
      }
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Handled(id, 1));
      waiting.text("still here");
      assertThat(host.next(ToHost.Message.class).connection()).isEqualTo(id);
      assertThat(server.gateway.counts().silentDropped()).isZero();
    }
  }

  private List<ConnectionStatus> connections(ConnectionId after, int limit) {
    return TestServer.await(server.gateway.connections(LOBBY, after, limit));
  }

  @Test
  @DisplayName("when a client was last seen follows its pongs, and the host hears nothing of them")
  void whenAClientWasLastSeenFollowsItsPongsAndTheHostHearsNothingOfThem() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      List<ConnectionStatus> opened = connections(null, 10);
      assertThat(opened).hasSize(1);
      assertThat(opened.get(0).connection()).isEqualTo(id);
      assertThat(opened.get(0).waitingBytes()).isZero();
      answerPing(client);
      assertThat(client.readFrame().opcode()).isEqualTo(PING); // this is the next ping
      Instant pong = connections(null, 10).get(0).lastSeen();
      assertThat(pong).isAfter(opened.get(0).lastSeen()).isBeforeOrEqualTo(Instant.now());
      host.hearsNothing();
      client.send(frame(PONG, ""));
      host.release(LOBBY, new ToGateway.AskSeen(id, 5));
      ToHost.Seen seen = host.next(ToHost.Seen.class);
      assertThat(seen.report()).isEqualTo(5);
      assertThat(seen.at()).isAfterOrEqualTo(pong);
    }
  }

  @Test
  @DisplayName("nothing is known of a connection that is not there; the host is told so")
  void ofAConnectionThatIsNotThereNothingIsKnown() throws Exception {
    ConnectionId nobody = ConnectionId.of(7, 1_000_000);
    host.release(LOBBY, new ToGateway.AskSeen(nobody, 6));
    assertThat(host.next(ToHost.Seen.class)).isEqualTo(new ToHost.Seen(LOBBY, nobody, 6, null));
  }

  @Test
  @DisplayName("it is not known when clients were seen that are not pinged")
  void whereClientsAreNotPingedItIsNotKnownWhenTheyWereSeen() throws Exception {
    server.close();
    server = GATEWAY.open(GatewayOptions.defaults().withoutPings());
    host = server.host;
    host.acceptAll();
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      assertThat(connections(null, 10)).containsExactly(new ConnectionStatus(id, null, 0));
      client.text("still there");
      assertThat(host.nextText()).isEqualTo("still there");
    }
  }

  @Test
  @DisplayName("connections are listed in the order of their ids, page by page, on all event loops")
  void connectionsAreListedInTheOrderOfTheirIdsPageByPageOnAllEventLoops() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    List<ConnectionId> ids = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      clients.add(server.open("/chat/lobby"));
      ids.add(host.nextOpen());
    }
    List<ConnectionId> listed = new ArrayList<>();
    ConnectionId last = null;
    for (int page = 0; page < 4; page++) {
      List<ConnectionStatus> found = connections(last, 2);
      assertThat(found).hasSize(page < 3 ? 2 : 1);
      found.forEach(status -> listed.add(status.connection()));
      last = listed.get(listed.size() - 1);
    }
    assertThat(listed).isEqualTo(ids);
    assertThat(connections(last, 2)).isEmpty();
    clients.forEach(RawClient::close);
  }
}
