package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FanOutTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server =
        GATEWAY.open(
            GatewayOptions.defaults()
                .outboundBytesMax(1 << 18)
                .reading(Duration.ofSeconds(30))
                .burstBytesMax(1 << 18)
                .close(Duration.ofMillis(200)));
    host = server.host;
  }

  private static ToGateway.Broadcast broadcast(String text, String... tags) {
    return new ToGateway.Broadcast(List.of(tags), Set.of(), Payload.text(text));
  }

  @Test
  @DisplayName("S30 a broadcast reaches whoever has all its tags, but those left out")
  void tagsAndExcept() throws Exception {
    host.acceptAll("all", "a");
    try (RawClient a = server.open("/chat/lobby")) {
      ConnectionId idOfA = host.nextOpen();
      host.acceptAll("all", "a", "b");
      try (RawClient ab = server.open("/chat/lobby");
          RawClient elsewhere = server.open("/chat/elsewhere")) {
        ConnectionId idOfAb = host.nextOpen();
        ConnectionId idElsewhere = host.nextOpen();
        host.release(
            LOBBY,
            broadcast("everyone"),
            broadcast("b only", "b"),
            broadcast("a and b", "b", "a"),
            broadcast("nobody", "a", "c"),
            new ToGateway.Broadcast(List.of("all"), Set.of(idOfAb), Payload.text("not ab")),
            new ToGateway.Retagged(idOfA, List.of("c")),
            broadcast("c now", "c"),
            broadcast("still a", "a"));
        for (RawClient each : List.of(a, ab)) {
          assertThat(each.readText()).isEqualTo("everyone");
        }
        assertThat(ab.readText()).isEqualTo("b only");
        assertThat(ab.readText()).isEqualTo("a and b");
        assertThat(ab.readText()).isEqualTo("still a");
        assertThat(a.readText()).isEqualTo("not ab");
        assertThat(a.readText()).isEqualTo("c now");
        host.release(
            new ActorId("chat", "elsewhere"),
            new ToGateway.Send(idElsewhere, Payload.text("only this")));
        assertThat(elsewhere.readText()).isEqualTo("only this");
      }
    }
  }

  @Test
  @DisplayName("S30 an actor's releases leave every socket in their order, on every event loop")
  void whatAnActorReleasesLeavesEverySocketInThatOrderOnEveryEventLoop() throws Exception {
    host.acceptAll();
    List<RawClient> clients = new ArrayList<>();
    List<ConnectionId> ids = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      clients.add(server.open("/chat/lobby"));
      ids.add(host.nextOpen());
    }
    for (int i = 0; i < 300; i++) {
      ToGateway[] records = new ToGateway[ids.size() + 1];
      for (int c = 0; c < ids.size(); c++) {
        records[c] = new ToGateway.Send(ids.get(c), Payload.text("s" + i));
      }
      records[ids.size()] = broadcast("b" + i);
      host.release(LOBBY, records);
    }
    for (RawClient client : clients) {
      for (int i = 0; i < 300; i++) {
        assertThat(client.readText()).isEqualTo("s" + i);
        assertThat(client.readText()).isEqualTo("b" + i);
      }
    }
    clients.forEach(RawClient::close);
    assertThat(server.gateway.counts().messagesOut()).isEqualTo(8 * 600);
  }

  @Test
  @DisplayName("a client that reads too slowly is closed with 1013; its neighbour hears everything")
  void aClientThatReadsTooSlowlyIsClosedWith1013() throws Exception {
    BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    host.script(
        event -> {
          if (event instanceof ToHost.Open open) {
            return List.of(new ToGateway.Accepted(open.connection(), List.of(), List.of()));
          }
          if (event instanceof ToHost.Closed end) {
            closed.add(end.reason());
          }
          return List.of();
        });
    String text = "x".repeat(1 << 16);
    try (RawClient slow = new RawClient(server.port(), 4_096).open("/chat/lobby");
        RawClient quick = server.open("/chat/lobby")) {
      int sent = 0;
      while (closed.isEmpty() && sent < 10_000) {
        host.release(LOBBY, broadcast(text + sent));
        assertThat(quick.readText()).isEqualTo(text + sent);
        sent++;
      }
      assertThat(closed.take())
          .isEqualTo(new CloseReason(1013, "reads too slowly", Cause.VIOLATION));
      assertThat(server.gateway.counts().slowClosed()).isEqualTo(1);
      host.release(LOBBY, broadcast("after"));
      assertThat(quick.readText()).isEqualTo("after");
      slow.awaitEnd();
    }
  }

  @Test
  @DisplayName("many messages in one release do not make a client slow that reads them")
  void manyMessagesInOneReleaseDoNotMakeAClientSlowThatReadsThem() throws Exception {
    host.acceptAll();
    String text = "x".repeat(1 << 14);
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      ToGateway[] records = new ToGateway[24];
      for (int i = 0; i < records.length; i++) {
        records[i] = new ToGateway.Send(id, Payload.text(i + text));
      }
      host.release(LOBBY, records);
      for (int i = 0; i < records.length; i++) {
        assertThat(client.readText()).isEqualTo(i + text);
      }
    }
  }
}
