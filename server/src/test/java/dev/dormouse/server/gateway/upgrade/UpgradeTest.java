package dev.dormouse.server.gateway.upgrade;

import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.http.Cookie;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpgradeTest {
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
  @DisplayName("an accepted upgrade is answered 101 with the accept value of RFC 6455, 1.3")
  void anAcceptedUpgradeIsAnswered101WithTheAcceptValue() throws Exception {
    host.acceptAll();
    try (RawClient client = server.client()) {
      Answer answer =
          client.send(RawClient.upgrade("/chat/lobby?name=ada&name=b%20c")).readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Upgrade")).containsExactly("websocket");
      assertThat(answer.header("Connection")).containsExactly("Upgrade");
      assertThat(answer.header("Sec-WebSocket-Accept")).containsExactly(RawClient.ACCEPT);
      assertThat(answer.header("Sec-WebSocket-Extensions")).isEmpty();
      assertThat(answer.header("Content-Length")).isEmpty();
      assertThat(answer.header("Transfer-Encoding")).isEmpty();

      ToHost.Open open = host.next(ToHost.Open.class);
      assertThat(open.actor()).isEqualTo(LOBBY);
      assertThat(open.connection()).isEqualTo(ConnectionId.of(7, 1));
      assertThat(open.head().path()).isEqualTo("/chat/lobby");
      assertThat(open.head().query().get("name")).containsExactly("ada", "b c");
      assertThat(open.head().header("Host")).contains("dormouse.test");
      assertThat(open.head().remoteAddress()).isEqualTo("127.0.0.1");
    }
  }

  @Test
  @DisplayName("a key is percent-decoded, once, and a plus stays a plus")
  void keysAreDecoded() throws Exception {
    host.acceptAll();
    try (RawClient client = server.open("/chat/a%2Fb%2525+%C3%A4")) {
      assertThat(host.next(ToHost.Open.class).actor()).isEqualTo(new ActorId("chat", "a/b%25+ä"));
      client.text("x");
      host.nextText();
    }
  }

  @Test
  @DisplayName("S2 a rejected upgrade has the actor's answer, and its HTTP connection lives on")
  void aRejectedUpgradeHasTheActorsAnswerAndItsHTTPConnectionLives() throws Exception {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Rejected(
                        open.connection(),
                        HttpResponse.json(401, "{}")
                            .with("WWW-Authenticate", "Basic")
                            .with("Set-Cookie", "a=1")
                            .with("Set-Cookie", "b=2")))
                : List.of());
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby")).readAnswer();
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("WWW-Authenticate")).containsExactly("Basic");
      assertThat(answer.header("Set-Cookie")).containsExactly("a=1", "b=2");
      assertThat(answer.header("Content-Type")).containsExactly("application/json");
      assertThat(answer.body()).isEqualTo("{}");
      host.nextOpen();

      host.acceptAll();
      client.open("/chat/lobby");
      host.nextOpen();
    }
    assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
    host.hearsNothing();
    assertThat(server.gateway.counts().refused()).isEqualTo(1);
  }

  @Test
  @DisplayName("C4 S9 headers and cookies of handlers before, and of the actor, are on the 101")
  void headersAndCookiesOfHandlersBeforeAndOfTheActorAreOnThe101() {
    server.close();
    use(
        GATEWAY.open(
            GatewayOptions.defaults(),
            router ->
                router
                    .route()
                    .handler(
                        request -> {
                          request.response().putHeader("X-Request-Id", "r1");
                          request.response().addCookie(Cookie.cookie("visit", "1"));
                          request.addHeadersEndHandler(
                              end -> request.response().putHeader("X-Took", "2"));
                          request.next();
                        })));
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Accepted(
                        open.connection(),
                        List.of(),
                        List.of(
                            new Header("Set-Cookie", "a=1"),
                            new Header("Set-Cookie", "b=2"),
                            new Header("X-Actor", "lobby"),
                            new Header("Content-Length", "9"),
                            new Header("Connection", "close"))))
                : List.of());
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby")).readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Set-Cookie")).containsExactlyInAnyOrder("visit=1", "a=1", "b=2");
      assertThat(answer.header("X-Request-Id")).containsExactly("r1");
      assertThat(answer.header("X-Took")).containsExactly("2");
      assertThat(answer.header("X-Actor")).containsExactly("lobby");
      assertThat(answer.header("Content-Length")).isEmpty();
      assertThat(answer.header("Connection")).containsExactly("Upgrade");
    }
  }

  @ParameterizedTest(name = "{0} of {1}: {2}")
  @CsvSource({
    "chat, 'v1, v2', v1",
    "chat, 'v3, v2, v1', v2",
    "chat, V1,",
    "chat, v3,",
    "small, v1,",
  })
  @DisplayName("a client gets the first subprotocol of its list that is served; the actor hears it")
  void aClientGetsTheFirstSubprotocolOfItsListThatIsServed(String type, String asked, String chosen)
      throws Exception {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Accepted(
                        open.connection(),
                        List.of(),
                        List.of(new Header("Sec-WebSocket-Protocol", "the-actor-has-no-say"))))
                : List.of());
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/" + type + "/lobby", "Sec-WebSocket-Protocol: " + asked));
      Answer answer = client.readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Sec-WebSocket-Protocol"))
          .isEqualTo(chosen == null ? List.of() : List.of(chosen));
      assertThat(host.next(ToHost.Open.class).subprotocol()).isEqualTo(chosen);
    }
  }

  @Test
  @DisplayName("C7 a body handler before the socket route is passed over")
  void aBodyHandlerBeforeTheSocketRouteIsPassedOver() throws Exception {
    server.close();
    use(
        GATEWAY.open(
            GatewayOptions.defaults(),
            router -> router.route().handler(BodyHandler.create(false))));
    host.echo();
    try (RawClient client = server.open("/chat/lobby")) {
      assertThat(client.text("hello").readText()).isEqualTo("hello");
    }
  }

  @Test
  @DisplayName("an asynchronous handler before the socket route may hold an upgrade up")
  void anAsynchronousHandlerBeforeTheSocketRouteMayHoldAnUpgradeUp() {
    server.close();
    use(
        GATEWAY.open(
            GatewayOptions.defaults(),
            router ->
                router
                    .route()
                    .handler(
                        request -> {
                          request.request().pause();
                          GATEWAY.vertx().setTimer(20, elapsed -> request.next());
                        })));
    host.echo();
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      client.text("early");
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(client.readText()).isEqualTo("early");
    }
  }

  @Test
  @DisplayName("C10 S7 what the actor sends while it accepts leaves after the 101, in order")
  void sendsWhileAccepting() throws Exception {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Accepted(open.connection(), List.of("a"), List.of()),
                    new ToGateway.Send(open.connection(), Payload.text("1")),
                    new ToGateway.Broadcast(List.of("a"), Set.of(), Payload.text("2")),
                    new ToGateway.Send(open.connection(), Payload.text("3")))
                : List.of());
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      host.release(LOBBY, new ToGateway.Send(host.nextOpen(), Payload.text("4")));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      for (String expected : List.of("1", "2", "3", "4")) {
        assertThat(client.readText()).isEqualTo(expected);
      }
    }
  }

  @Test
  @DisplayName("S8 S36 a close while accepting: the client sees open, what was sent, that close")
  void closesWhileAccepting() throws Exception {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Accepted(open.connection(), List.of(), List.of()),
                    new ToGateway.Send(open.connection(), Payload.text("bye")),
                    new ToGateway.Close(open.connection(), 4001, "full"),
                    new ToGateway.Send(open.connection(), Payload.text("never")))
                : List.of());
    try (RawClient client = server.client()) {
      client.open("/chat/lobby");
      assertThat(client.readText()).isEqualTo("bye");
      assertThat(client.readClose()).isEqualTo(4001);
      client.send(RawClient.closeFrame(4001, "")).awaitEnd();
    }
    host.nextOpen();
    assertThat(host.nextClosed()).isEqualTo(new CloseReason(4001, "full", Cause.ACTOR));
    host.hearsNothing();
    assertThat(server.gateway.counts().droppedOut()).isEqualTo(1);
  }

  @Test
  @DisplayName("S14 an actor that does not answer in time: 503, and its late yes is a close")
  void anActorThatDoesNotDecideInTimeIsAnsweredFor503() throws Exception {
    server.close();
    use(GATEWAY.open(GatewayOptions.defaults().handshake(Duration.ofMillis(50))));
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby")).readAnswer();
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.header("Retry-After")).containsExactly("1");
      ConnectionId id = host.nextOpen();
      host.release(LOBBY, new ToGateway.Accepted(id, List.of(), List.of()));
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
      assertThat(server.gateway.counts().sockets()).isZero();

      client.send(RawClient.upgrade("/nowhere"));
      assertThat(client.readAnswer().status()).isEqualTo(404);
    }
  }

  @Test
  @DisplayName("S12 a client that is gone before the answer leaves nothing; a late yes is a close")
  void goneBeforeTheAnswer() throws Exception {
    try (RawClient client = server.client();
        RawClient other = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      ConnectionId id = host.nextOpen();
      client.reset();
      for (boolean isGone = false; !isGone; isGone = server.gateway.counts().upgrades() == 0) {
        // Each of these round trips goes through an event loop.
        assertThat(other.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      }
      host.release(
          LOBBY,
          new ToGateway.Accepted(id, List.of(), List.of()),
          new ToGateway.Send(id, Payload.text("hello")));
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
      host.hearsNothing();
      assertThat(server.gateway.counts().sockets()).isZero();
      assertThat(server.gateway.counts().droppedOut()).isEqualTo(1);
    }
  }
}
