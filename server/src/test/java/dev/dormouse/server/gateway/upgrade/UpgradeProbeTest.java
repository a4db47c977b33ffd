package dev.dormouse.server.gateway.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks what a page is told that asks whether an upgrade would be admitted. */
class UpgradeProbeTest {
  private static final String ACCEPT = "Accept: application/vnd.dormouse.upgrade";

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static String probe(TestServer server, String path, String... headers) {
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head(
              "HEAD " + path + " HTTP/1.1",
              List.of("Host: dormouse.test", "Connection: close"),
              headers));
      return new String(client.readToEnd(), StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    }
  }

  @Test
  void anUpgradeWouldBeAdmittedAndTheActorHearsNothing() throws Exception {
    TestServer server = GATEWAY.open();
    for (String path : List.of("/chat/lobby", "/small/lobby")) {
      assertThat(probe(server, path, ACCEPT)).startsWith("http/1.1 204").doesNotContain("retry");
    }
    server.host.hearsNothing();
    assertThat(server.gateway.counts().sockets()).isZero();
  }

  @Test
  void aFullNodeSaysWhenToTryAgain() throws Exception {
    TestServer server =
        GATEWAY.open(GatewayOptions.defaults().limits(ConnectionLimits.none().connectionsMax(1)));
    server.host.acceptOnly();
    assertThat(probe(server, "/chat/lobby", ACCEPT)).startsWith("http/1.1 204");
    try (RawClient client = server.open("/chat/lobby")) {
      server.host.nextOpen();
      assertThat(probe(server, "/chat/lobby", ACCEPT))
          .startsWith("http/1.1 503")
          .contains("retry-after: 1");
      assertThat(server.gateway.counts().sockets()).isEqualTo(1);
      client.send(RawClient.closeFrame(1000, "")).awaitEnd();
    }
  }

  @Test
  void aPageOfAnAllowedOriginCanReadTheAnswerAndAnotherGets403() {
    TestServer server =
        GATEWAY.open(GatewayOptions.defaults().allowedOrigins(Set.of("https://app.test")));
    assertThat(probe(server, "/chat/lobby", ACCEPT, "Origin: https://app.test"))
        .startsWith("http/1.1 204")
        .contains("access-control-allow-origin: https://app.test")
        .contains("access-control-expose-headers: retry-after");
    assertThat(probe(server, "/chat/lobby", ACCEPT, "Origin: https://evil.test"))
        .startsWith("http/1.1 403")
        .doesNotContain("access-control");
  }

  @Test
  void anyOtherHeadIsAPlainRequest() {
    TestServer server = GATEWAY.open();
    assertThat(probe(server, "/chat/lobby", "Accept: */*")).startsWith("http/1.1 426");
  }
}
