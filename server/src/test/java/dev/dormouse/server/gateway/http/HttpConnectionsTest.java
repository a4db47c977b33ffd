package dev.dormouse.server.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HttpConnectionsTest {
  private static final Duration SHORT = Duration.ofMillis(100);

  /**
   * A time that is longer than a pause: a reader may be kept from reading for a while, and to read
   * everything takes longer.
   */
  private static final Duration LONGER_THAN_A_PAUSE = Duration.ofSeconds(1);

  private static final String REQUEST = "GET /small/one HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final int LARGE = 64 << 20;
  private static final int HTTP_MAX = 256;

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static void respond(TestServer server) {
    server.host.script(
        event ->
            event instanceof ToHost.Request request
                ? List.of(
                    new ToGateway.Responded(request.request(), HttpResponse.text(200, "here")))
                : List.of());
  }

  @Test
  @DisplayName("there are so many TCP connections; one more is answered 503, unasked, and closed")
  void connectionsOverTheLimitAreAnsweredUnaskedAndClosed() throws Exception {
    ConnectionLimits one = ConnectionLimits.none().connectionsMax(1);
    try (TestServer server = GATEWAY.open(GatewayOptions.defaults().limits(one))) {
      respond(server);
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 1 + HTTP_MAX; i++) {
        clients.add(server.client());
        assertThat(clients.get(i).send(REQUEST).readAnswer().body()).isEqualTo("here");
      }
      try (RawClient late = server.client()) {
        Answer answer = late.readAnswer();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).containsExactly("1");
        late.awaitEnd();
      }
      assertThat(server.gateway.counts().refused(Refusal.NODE_FULL)).isEqualTo(1);
      assertThat(clients.get(7).send(REQUEST).readAnswer().body()).isEqualTo("here");
      // A connection that becomes a socket is still counted; a connection that goes makes room.
      server.host.acceptAll();
      clients.get(0).open("/chat/lobby");
      try (RawClient late = server.client()) {
        assertThat(late.readAnswer().status()).isEqualTo(503);
      }
      clients.get(1).send("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      clients.get(1).awaitEnd();
      server.awaitCounts(counts -> counts.httpConnections() < HTTP_MAX);
      respond(server);
      try (RawClient late = server.client()) {
        assertThat(late.send(REQUEST).readAnswer().body()).isEqualTo("here");
      }
      clients.forEach(RawClient::close);
    }
  }

  @Test
  @DisplayName("a connection on which nothing is asked any more is closed, without a word")
  void aConnectionOnWhichNothingIsAskedAnyMoreIsClosedWithoutAWord() throws Exception {
    GatewayOptions options = GatewayOptions.defaults().keepAlive(SHORT);
    try (TestServer server = GATEWAY.open(options);
        RawClient client = server.client()) {
      client.send(REQUEST);
      long number = server.host.next(ToHost.Request.class).request();
      // The wait is longer than a connection may be idle: it is not idle while it is asked.
      server.host.hearsNothing();
      server.host.hearsNothing();
      server.host.release(
          new ActorId("small", "one"),
          new ToGateway.Responded(number, HttpResponse.text(200, "late")));
      assertThat(client.readAnswer().body()).isEqualTo("late");
      assertThat(client.readToEnd()).isEmpty();
    }
  }

  @Test
  @DisplayName("a socket is no such connection, whatever was asked before it")
  void aSocketIsNoSuchConnectionWhateverWasAskedBeforeIt() throws Exception {
    GatewayOptions options = GatewayOptions.defaults().keepAlive(SHORT);
    try (TestServer server = GATEWAY.open(options);
        RawClient client = server.client()) {
      respond(server);
      client.send(REQUEST);
      assertThat(client.readAnswer().status()).isEqualTo(200);
      server.host.echo();
      client.open("/chat/lobby");
      server.host.next(ToHost.Request.class);
      server.host.nextOpen();
      server.host.hearsNothing();
      server.host.hearsNothing();
      assertThat(client.text("still here").readText()).isEqualTo("still here");
    }
  }

  private static TestServer serverOfLarge(CompletableFuture<Void> closed) {
    Buffer large = Buffer.buffer(new byte[LARGE]);
    return GATEWAY.open(
        GatewayOptions.defaults().keepAlive(LONGER_THAN_A_PAUSE),
        router ->
            router
                .get("/large-page")
                .handler(
                    request -> {
                      request.request().connection().closeHandler(ended -> closed.complete(null));
                      request.response().end(large.slice());
                    }));
  }

  @Test
  @DisplayName(
      "an answer may be read as slowly as it takes; one that is not read ends the connection")
  void anAnswerMayBeReadAsSlowlyAsItTakes() throws Exception {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    try (TestServer server = serverOfLarge(closed);
        RawClient reader = new RawClient(server.port(), 4_096)) {
      reader.send("GET /large-page HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(reader.readAnswer().body()).hasSize(LARGE);
      closed.get(10, TimeUnit.SECONDS);
    }
    CompletableFuture<Void> closedUnread = new CompletableFuture<>();
    try (TestServer server = serverOfLarge(closedUnread);
        RawClient deaf = new RawClient(server.port(), 4_096)) {
      deaf.send("GET /large-page HTTP/1.1\r\nHost: x\r\n\r\n");
      closedUnread.get(10, TimeUnit.SECONDS);
    }
  }
}
