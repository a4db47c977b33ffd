package dev.dormouse.server.gateway.limits;

import static dev.dormouse.server.gateway.TestServer.MESSAGES_PER_SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConnectionLimitsTest {
  private static final int REFUSALS = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int ROUND_TRIPS_MAX = 100_000;

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static TestServer server(ConnectionLimits limits) {
    TestServer server = GATEWAY.open(GatewayOptions.defaults().limits(limits));
    server.host.echo();
    return server;
  }

  /**
   * Checks that two clients fit, and that a third is refused, unheard by the host, until one of the
   * two is gone.
   */
  private static void thirdIsRefused(TestServer server, int status, Refusal why) throws Exception {
    try (RawClient first = server.open("/chat/lobby");
        RawClient second = server.open("/chat/lobby");
        RawClient third = server.client()) {
      server.host.nextOpen();
      server.host.nextOpen();
      Duration fastest = Duration.ofDays(1);
      for (int i = 0; i < REFUSALS; i++) {
        long startedNs = System.nanoTime();
        Answer answer = third.send(RawClient.upgrade("/chat/lobby")).readAnswer();
        Duration took = Duration.ofNanos(System.nanoTime() - startedNs);
        fastest = took.compareTo(fastest) < 0 ? took : fastest;
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Retry-After")).containsExactly("1");
      }
      assertThat(fastest).isLessThan(Duration.ofMillis(100));
      assertThat(server.gateway.counts().refused(why)).isEqualTo(REFUSALS);
      assertThat(server.gateway.counts().refused()).isEqualTo(REFUSALS);
      server.host.hearsNothing();
      assertThat(first.text("still served").readText()).isEqualTo("still served");
      server.host.nextText();

      second.send(RawClient.closeFrame(1000, "")).awaitEnd();
      server.host.nextClosed();
      awaitSockets(server, third, 1);
      third.open("/chat/lobby");
      assertThat(third.text("in").readText()).isEqualTo("in");
    }
  }

  private static void awaitSockets(TestServer server, RawClient client, long number) {
    for (int i = 0; server.gateway.counts().sockets() != number; i++) {
      // Each of these round trips goes through an event loop.
      assertThat(i).isLessThan(ROUND_TRIPS_MAX);
      assertThat(client.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
    }
  }

  @Test
  @DisplayName("over the node's connections: 503 at once, the others are served")
  void overTheNodesConnectionsClientsAreAnswered503AtOnce() throws Exception {
    try (TestServer server = server(ConnectionLimits.none().connectionsMax(2))) {
      thirdIsRefused(server, 503, Refusal.NODE_FULL);
    }
  }

  @Test
  @DisplayName("over the connections of an address: 429 at once, the others are served")
  void overTheConnectionsOfAnAddressClientsAreAnswered429() throws Exception {
    try (TestServer server = server(ConnectionLimits.none().connectionsMax(100).perAddressMax(2))) {
      thirdIsRefused(server, 429, Refusal.ADDRESS_FULL);
    }
  }

  @Test
  @DisplayName("upgrades that are refused, or whose client goes, leave their seat")
  void seatsAreFreed() throws Exception {
    try (TestServer server = server(ConnectionLimits.none().connectionsMax(1).perAddressMax(1));
        RawClient client = server.client()) {
      server.host.script(
          event ->
              event instanceof ToHost.Open open
                  ? List.of(new ToGateway.Rejected(open.connection(), HttpResponse.text(403, "no")))
                  : List.of());
      for (int i = 0; i < 3; i++) {
        assertThat(client.send(RawClient.upgrade("/chat/lobby")).readAnswer().status())
            .isEqualTo(403);
        server.host.nextOpen();
      }
      assertThat(server.gateway.counts().refused(Refusal.REJECTED)).isEqualTo(3);
      server.host.script(event -> List.of());
      try (RawClient goes = server.client()) {
        goes.send(RawClient.upgrade("/chat/lobby"));
        server.host.nextOpen();
        goes.reset();
      }
      for (int i = 0; server.gateway.counts().refused(Refusal.CLIENT_GONE) == 0; i++) {
        assertThat(i).isLessThan(ROUND_TRIPS_MAX);
        assertThat(client.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      }
      server.host.echo();
      client.open("/chat/lobby");
      assertThat(client.text("in").readText()).isEqualTo("in");
      assertThat(server.gateway.counts().refused(Refusal.CLIENT_GONE)).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("too many upgrades of an address in a second: 429, unheard by the host")
  void tooManyUpgradesOfAnAddressInASecondAreAnswered429() throws Exception {
    try (TestServer server =
            server(ConnectionLimits.none().connectionsMax(100).upgradesPerSecondPerAddress(1));
        RawClient client = server.client()) {
      client.open("/chat/lobby");
      server.host.nextOpen();
      int refused = 0;
      for (int i = 0; i < 20; i++) {
        try (RawClient next = server.client()) {
          Answer answer = next.send(RawClient.upgrade("/chat/lobby")).readAnswer();
          if (answer.status() == 429) {
            assertThat(answer.header("Retry-After")).containsExactly("1");
            refused++;
          }
        }
      }
      assertThat(refused).isPositive();
      assertThat(server.gateway.counts().refused(Refusal.ADDRESS_RATE)).isEqualTo(refused);
      assertThat(client.text("still served").readText()).isEqualTo("still served");
    }
  }

  @Test
  @DisplayName("A7: an address with all the TCP connections it may have is answered 429, unasked")
  void anAddressCannotHaveAllTcpConnections() throws Exception {
    GatewayOptions options =
        GatewayOptions.defaults()
            .limits(ConnectionLimits.none().connectionsMax(200).perAddressMax(10))
            .head(PATIENCE)
            .frame(PATIENCE)
            .message(PATIENCE);
    int most = 10 + options.httpConnectionsMax() / 8;
    List<RawClient> silent = new ArrayList<>();
    try (TestServer server = GATEWAY.open(options)) {
      server.host.echo();
      for (int i = 0; i < most; i++) {
        silent.add(server.client());
      }
      server.awaitCounts(counts -> counts.httpConnections() == most);
      try (RawClient tooMany = server.client()) {
        Answer answer = tooMany.readAnswer();
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.header("Retry-After")).containsExactly("1");
        tooMany.awaitEnd();
      }
      assertThat(server.gateway.counts().refused(Refusal.ADDRESS_FULL)).isEqualTo(1);
      try (RawClient other = new RawClient("127.0.0.2", server.port())) {
        other.open("/chat/lobby");
        assertThat(other.text("served").readText()).isEqualTo("served");
      }
      silent.remove(0).close();
      server.awaitCounts(counts -> counts.httpConnections() == most - 1);
      try (RawClient again = server.open("/chat/lobby")) {
        assertThat(again.text("in").readText()).isEqualTo("in");
      }
    } finally {
      silent.forEach(RawClient::close);
    }
  }

  @Test
  @DisplayName("A7: plain requests to actors are among an address's upgrades in a second")
  void plainRequestsHaveTheRateOfUpgrades() throws Exception {
    try (TestServer server =
            server(ConnectionLimits.none().connectionsMax(100).upgradesPerSecondPerAddress(1));
        RawClient client = server.client()) {
      server.host.script(
          event ->
              event instanceof ToHost.Request request
                  ? List.of(
                      new ToGateway.Responded(request.request(), HttpResponse.text(200, "here")))
                  : List.of());
      int refused = 0;
      for (int i = 0; i < 20; i++) {
        Answer answer = client.send("GET /small/one HTTP/1.1\r\nHost: x\r\n\r\n").readAnswer();
        if (answer.status() == 429) {
          assertThat(answer.header("Retry-After")).containsExactly("1");
          refused++;
        } else {
          assertThat(answer.status()).isEqualTo(200);
        }
      }
      assertThat(refused).isPositive();
      assertThat(server.gateway.counts().cutOff())
          .containsEntry(RequestLimit.ADDRESS_RATE, (long) refused);
    }
  }

  @Test
  @DisplayName("too many messages of a client in a second: 1008, what came before is handled")
  void tooManyMessagesOfAClientInASecondCloseItWith1008() throws Exception {
    try (TestServer server = server(ConnectionLimits.none());
        RawClient client = server.open("/calm/one")) {
      server.host.nextOpen();
      byte[][] burst = new byte[100][];
      Arrays.fill(burst, RawClient.frame(RawClient.TEXT, "m"));
      client.send(burst);
      for (int i = 0; i < MESSAGES_PER_SECOND; i++) {
        assertThat(server.host.nextText()).isEqualTo("m");
      }
      client.awaitEnd();
      server.host.next(ToHost.Failed.class);
      CloseReason reason = server.host.nextClosed();
      assertThat(reason.code()).isEqualTo(1008);
      assertThat(reason.cause()).isEqualTo(Cause.VIOLATION);
      assertThat(server.gateway.counts().hastyClosed()).isEqualTo(1);
    }
  }
}
