package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks frames that no actor handles, as many as a client likes. */
class LightFramesTest {
  private static final int FRAMES = 100 * ClientSocket.LIGHT_FRAMES_MAX;

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static List<ToGateway> accepted(ToHost event) {
    if (event instanceof ToHost.Open open) {
      return List.of(
          new ToGateway.Accepted(open.connection(), List.of(), List.of()),
          new ToGateway.AutoReplies(List.of(new AutoReply("", "there"))));
    }
    if (event instanceof ToHost.Message message) {
      return List.of(
          new ToGateway.Send(message.connection(), message.payload()),
          new ToGateway.Handled(message.connection(), message.sequence()));
    }
    return List.of();
  }

  @ParameterizedTest
  @ValueSource(ints = {PING, TEXT})
  @DisplayName("A12: clients of empty pings, or of what is answered automatically, rest in between")
  void clientsOfLightFramesRest(int opcode) throws Exception {
    byte[] one = frame(opcode, "");
    byte[] all = new byte[FRAMES * one.length];
    for (int i = 0; i < FRAMES; i++) {
      System.arraycopy(one, 0, all, i * one.length, one.length);
    }
    try (TestServer server = GATEWAY.open()) {
      server.host.script(LightFramesTest::accepted);
      List<RawClient> others = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        others.add(server.open("/chat/other" + i));
      }
      try (RawClient client = server.open("/chat/lobby")) {
        long startNs = System.nanoTime();
        client.send(all);
        for (RawClient other : others) {
          other.text("here");
          assertThat(other.readText()).isEqualTo("here");
        }
        long othersNs = System.nanoTime() - startNs;
        for (int i = 0; i < FRAMES; i++) {
          assertThat(client.readFrame().opcode()).isNotEqualTo(RawClient.CLOSE);
        }
        long tookNs = System.nanoTime() - startNs;
        long restNs = TimeUnit.MILLISECONDS.toNanos(ClientSocket.REST_MS);
        System.out.printf(
            "LightFramesTest: %d frames took %d ms, four others %d ms%n",
            FRAMES, tookNs / 1_000_000, othersNs / 1_000_000);
        assertThat(tookNs).isGreaterThan(FRAMES / ClientSocket.LIGHT_FRAMES_MAX / 2 * restNs);
        client.text("still here");
        assertThat(client.readText()).isEqualTo("still here");
      }
      others.forEach(RawClient::close);
    }
  }
}
