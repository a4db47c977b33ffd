package dev.dormouse.server.gateway.http;

import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EarlyBytesTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    use(GATEWAY.open());
  }

  private void use(TestServer started) {
    server = started;
    host = started.host;
  }

  @Test
  @DisplayName("C12 a frame in the same segment as the upgrade request is not lost")
  void framesWithTheRequest() {
    host.echo();
    try (RawClient client = server.client()) {
      client.send(
          RawClient.upgrade("/chat/lobby").getBytes(java.nio.charset.StandardCharsets.US_ASCII),
          RawClient.frame(RawClient.TEXT, "first"),
          RawClient.frame(RawClient.TEXT, "second"));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(client.readText()).isEqualTo("first");
      assertThat(client.readText()).isEqualTo("second");
      assertThat(client.text("third").readText()).isEqualTo("third");
    }
  }

  @Test
  @DisplayName("C12 frames that come while the actor thinks are not lost")
  void framesBeforeTheAnswer() throws Exception {
    host.script(FakeHost::handled);
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      ConnectionId id = host.nextOpen();
      byte[] payload = new byte[200_000];
      client.send(RawClient.frame(RawClient.BINARY, payload)).text("after");
      host.release(LOBBY, new ToGateway.Accepted(id, List.of(), List.of()));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(host.next(ToHost.Message.class).payload()).isEqualTo(new Payload.Binary(payload));
      assertThat(host.nextText()).isEqualTo("after");
    }
  }

  @Test
  @DisplayName("S15 bytes that come before the answer are bounded, and dropped with the client")
  void floodBeforeTheAnswer() throws Exception {
    host.script(FakeHost::handled);
    byte[] flood = RawClient.frame(RawClient.BINARY, new byte[1 << 20]);
    try (RawClient client = server.client();
        RawClient other = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      ConnectionId id = host.nextOpen();
      CompletableFuture<Void> sender =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 100; i++) { // the network holds far less
                  client.send(flood);
                }
              });
      host.hearsNothing();
      assertThat(sender).isNotDone();
      client.reset();
      assertThatThrownBy(() -> sender.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(UncheckedIOException.class);
      for (boolean isGone = false; !isGone; isGone = server.gateway.counts().upgrades() == 0) {
        // Each of these round trips goes through an event loop.
        assertThat(other.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      }
      host.release(LOBBY, new ToGateway.Accepted(id, List.of(), List.of()));
      assertThat(host.nextClosed().code()).isEqualTo(1006);
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("C12 a request behind an upgrade that is refused is served")
  void requestBehindARefusedUpgrade() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby") + RawClient.upgrade("/nowhere"));
      host.release(LOBBY, new ToGateway.Rejected(host.nextOpen(), HttpResponse.text(403, "no")));
      assertThat(client.readAnswer().status()).isEqualTo(403);
      assertThat(client.readAnswer().status()).isEqualTo(404);
    }
  }
}
