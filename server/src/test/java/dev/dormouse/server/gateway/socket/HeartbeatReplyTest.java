package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorOptions;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HeartbeatReplyTest {
  private static final String PING = "{\"$ping\":1}";
  private static final String PONG = "{\"$pong\":1}";

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
  void aHeartbeatIsAnsweredAndTheHostHearsNothing() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      assertThat(client.text(PING).readText()).isEqualTo(PONG);
      client.send(
          frame(false, TEXT, "{\"$pi".getBytes(StandardCharsets.UTF_8)),
          frame(CONTINUATION, "ng\":1}"));
      assertThat(client.readText()).isEqualTo(PONG);
      host.hearsNothing();
      assertThat(server.gateway.counts().autoReplies()).isEqualTo(2);
    }
  }

  @Test
  void otherTextsAndBinaryMessagesAreForTheActor() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      for (String text : List.of("{\"$ping\":2}", "{\"$ping\":1} ", "{\"$ping\":€}", "")) {
        client.text(text);
        assertThat(host.nextText()).isEqualTo(text);
      }
      client.send(frame(BINARY, PING));
      assertThat(host.next(ToHost.Message.class).payload()).isInstanceOf(Payload.Binary.class);
    }
  }

  @Test
  void anActorTypeChoosesItsHeartbeatOrNone() throws Exception {
    try (RawClient other = server.open("/beat/a");
        RawClient none = server.open("/beatless/a")) {
      host.nextOpen();
      host.nextOpen();
      assertThat(other.text("are you there?").readText()).isEqualTo("yes");
      other.text(PING);
      assertThat(host.nextText()).isEqualTo(PING);
      none.text(PING);
      assertThat(host.nextText()).isEqualTo(PING);
    }
  }

  @Test
  void anAutomaticReplyOfTheActorComesFirst() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      host.release(
          LOBBY,
          new ToGateway.AutoReplies(List.of(new AutoReply(PING, "mine"))),
          new ToGateway.Send(id, Payload.text("told")));
      assertThat(client.readText()).isEqualTo("told");
      assertThat(client.text(PING).readText()).isEqualTo("mine");
    }
  }

  @Test
  void aHeartbeatIsShortAndOfPrintableCharacters() {
    ActorOptions options = ActorOptions.defaults();
    assertThat(options.heartbeat()).contains(AutoReply.HEARTBEAT_DEFAULT);
    assertThat(options.noHeartbeat().heartbeat()).isEmpty();
    assertThatThrownBy(() -> options.heartbeat("", "pong"))
        .hasMessage(
            "the request of a heartbeat has 1 to 125 printable characters of ASCII, which '' has"
                + " not");
    assertThatThrownBy(() -> options.heartbeat("ping", "töne"))
        .hasMessageContaining("the reply of a heartbeat");
    assertThatThrownBy(() -> options.heartbeat("x".repeat(126), "pong"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
