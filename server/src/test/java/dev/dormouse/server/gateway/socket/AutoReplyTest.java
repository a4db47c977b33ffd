package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AutoReplyTest {
  private static final ToGateway PONG =
      new ToGateway.AutoReplies(
          List.of(
              new AutoReply("ping", "pong"), new AutoReply("€", "euro"), new AutoReply("", "")));

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server = GATEWAY.open();
    host = server.host;
    host.acceptOnly();
  }

  @Test
  @DisplayName("exact texts are answered, whole or in fragments, and the host hears nothing")
  void exactTextsAreAnsweredWholeOrInFragmentsAndTheHostHearsNothing() throws Exception {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Accepted(open.connection(), List.of(), List.of()),
                    new ToGateway.Send(open.connection(), Payload.text("welcome")),
                    PONG)
                : List.of());
    try (RawClient client = server.open("/chat/lobby");
        RawClient elsewhere = server.open("/chat/elsewhere")) {
      host.nextOpen();
      host.nextOpen();
      assertThat(client.readText()).isEqualTo("welcome");
      client.text("ping");
      assertThat(client.readText()).isEqualTo("pong");
      client.text("€").text("");
      assertThat(client.readText()).isEqualTo("euro");
      assertThat(client.readText()).isEmpty();
      client.send(
          frame(false, TEXT, "pi".getBytes(StandardCharsets.UTF_8)), frame(CONTINUATION, "ng"));
      assertThat(client.readText()).isEqualTo("pong");
      host.hearsNothing();
      assertThat(server.gateway.counts().autoReplies()).isEqualTo(4);
      assertThat(server.gateway.counts().messagesIn()).isEqualTo(4);

      client.text("Ping");
      assertThat(host.nextText()).isEqualTo("Ping");
      client.send(frame(BINARY, "ping"));
      ToHost.Message binary = host.next(ToHost.Message.class);
      assertThat(binary.payload()).isInstanceOf(Payload.Binary.class);
      assertThat(binary.sequence()).isEqualTo(2);
      assertThat(elsewhere.readText()).isEqualTo("welcome");
    }
  }

  @Test
  @DisplayName("replies hold for the actor's connections only, from their setting until cleared")
  void toldAndCleared() throws Exception {
    try (RawClient client = server.open("/chat/lobby");
        RawClient elsewhere = server.open("/chat/elsewhere")) {
      ConnectionId id = host.nextOpen();
      host.nextOpen();
      client.text("ping");
      assertThat(host.nextText()).isEqualTo("ping");
      host.release(LOBBY, PONG, new ToGateway.Send(id, Payload.text("told")));
      assertThat(client.readText()).isEqualTo("told");
      client.text("ping"); // although the previous message is not handled
      assertThat(client.readText()).isEqualTo("pong");
      elsewhere.text("ping");
      assertThat(host.nextText()).isEqualTo("ping");
      host.release(
          LOBBY,
          new ToGateway.AutoReplies(List.of()),
          new ToGateway.Send(id, Payload.text("cleared")));
      assertThat(client.readText()).isEqualTo("cleared");
      client.text("ping");
      assertThat(host.nextText()).isEqualTo("ping");
    }
  }

  @Test
  @DisplayName("with the actor's last connection they are forgotten; there is nothing to hold them")
  void withTheActorsLastConnectionTheyAreForgotten() throws Exception {
    host.release(LOBBY, PONG);
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      client.text("ping");
      assertThat(host.nextText()).isEqualTo("ping");
    }
  }
}
