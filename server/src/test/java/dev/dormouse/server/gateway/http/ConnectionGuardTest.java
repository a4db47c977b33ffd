package dev.dormouse.server.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An HTTP server without actors behind the guard of the clients' port. */
class ConnectionGuardTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

  /** The limits: 12 + 4 TCP connections, of which an address has 11 + 1. */
  private static final GatewayOptions FEW =
      GatewayOptions.defaults()
          .limits(ConnectionLimits.shared().connectionsMax(12))
          .httpConnectionsMax(4);

  private static final int OF_ADDRESS = 12;
  private static final int OF_ALL = 16;
  private static final int ROUND_TRIPS_MAX = 100_000;

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private HttpServer server;
  private ConnectionGuard guard;

  @AfterEach
  void stop() {
    TestServer.await(server.close());
  }

  private void start(GatewayOptions options) {
    guard = new ConnectionGuard("a port", options, Time.system());
    server =
        TestServer.await(
            GATEWAY
                .vertx()
                .createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(false))
                .connectionHandler(guard::meet)
                .requestHandler(ConnectionGuardTest::answer)
                .listen(0, "127.0.0.1"));
  }

  /** Answers with a page, or with a WebSocket of the server's own that echoes. */
  private static void answer(HttpServerRequest request) {
    if (request.headers().contains("Upgrade")) {
      request
          .toWebSocket()
          .onSuccess(socket -> socket.textMessageHandler(socket::writeTextMessage));
    } else {
      request.response().end("here");
    }
  }

  private RawClient client() {
    return new RawClient(server.actualPort());
  }

  @Test
  @DisplayName("A3: a connection on which no head comes is answered 408 and closed")
  void silentOnesAreClosed() throws Exception {
    start(GatewayOptions.defaults().head(SHORT).frame(LONG).message(LONG));
    try (RawClient silent = client()) {
      assertThat(silent.readAnswer().status()).isEqualTo(408);
      silent.awaitEnd();
    }
  }

  @Test
  @DisplayName("A3: a connection on which nothing is asked any more is closed")
  void idleOnesAreClosed() throws Exception {
    start(GatewayOptions.defaults().keepAlive(SHORT));
    try (RawClient idle = client()) {
      assertThat(idle.send(REQUEST).readAnswer().body()).isEqualTo("here");
      assertThat(idle.readToEnd()).isEmpty();
    }
  }

  @Test
  @DisplayName("A3: there are so many connections, and so many of an address")
  void thereAreOnlySoMany() throws Exception {
    start(FEW.head(LONG).frame(LONG).message(LONG));
    List<RawClient> silent = new ArrayList<>();
    try {
      for (int i = 0; i < OF_ADDRESS; i++) {
        silent.add(client());
      }
      awaitConnections(OF_ADDRESS);
      try (RawClient tooMany = client()) {
        assertThat(tooMany.readAnswer().status()).isEqualTo(429);
        tooMany.awaitEnd();
      }
      try (RawClient other = new RawClient("127.0.0.2", server.actualPort())) {
        assertThat(other.send(REQUEST).readAnswer().body()).isEqualTo("here");
        for (int i = OF_ADDRESS + 1; i < OF_ALL; i++) {
          silent.add(new RawClient("127.0.0.3", server.actualPort()));
        }
        awaitConnections(OF_ALL);
        try (RawClient late = new RawClient("127.0.0.4", server.actualPort())) {
          Answer answer = late.readAnswer();
          assertThat(answer.status()).isEqualTo(503);
          assertThat(answer.header("Retry-After")).containsExactly("1");
        }
        assertThat(other.send(REQUEST).readAnswer().body()).isEqualTo("here");
      }
    } finally {
      silent.forEach(RawClient::close);
    }
    awaitConnections(0);
  }

  @Test
  @DisplayName(
      "A3: a WebSocket of the server's own is served, may be silent, and counts to its end")
  void webSocketsOfTheServersOwnStay() throws Exception {
    start(FEW.head(SHORT).frame(SHORT).message(SHORT).keepAlive(SHORT));
    try (RawClient socket = client();
        RawClient silent = client()) {
      socket.open("/inspector");
      assertThat(socket.text("first").readText()).isEqualTo("first");
      // The wait is longer than a head may take, or a pause.
      assertThat(silent.readAnswer().status()).isEqualTo(408);
      silent.awaitEnd();
      try (RawClient next = client()) {
        assertThat(next.readAnswer().status()).isEqualTo(408);
      }
      assertThat(socket.text("second").readText()).isEqualTo("second");
      awaitConnections(1);
    }
    awaitConnections(0);
  }

  @Test
  @DisplayName("bytes that a client sends behind the upgrade reach the server's own WebSocket")
  void earlyFramesReachTheWebSocket() throws Exception {
    start(FEW);
    try (RawClient eager = client()) {
      eager.send(
          RawClient.upgrade("/inspector").getBytes(StandardCharsets.US_ASCII),
          RawClient.frame(RawClient.TEXT, "early"));
      assertThat(eager.readAnswer().status()).isEqualTo(101);
      assertThat(eager.readText()).isEqualTo("early");
    }
  }

  private void awaitConnections(int number) {
    for (int i = 0; guard.connections() != number; i++) {
      assertThat(i).isLessThan(ROUND_TRIPS_MAX);
      TestServer.await(GATEWAY.vertx().timer(1));
    }
  }
}
