package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.options.ServerOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.ext.web.impl.UserContextInternal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks that access to an actor is decided at the edge, before the actor hears of anybody. */
class AccessTest {
  private static final ActorId ONE = new ActorId("desk", "one");
  private static final String PATH = "/desk/one";

  private static DormouseServer open(BiFunction<ActorId, RequestHead, Access> rule) {
    return open(ServerOptions.defaults(), rule);
  }

  /**
   * Opens a server that takes a client for the user {@code ada} if the query says so; the rule sees
   * users.
   */
  private static DormouseServer open(
      ServerOptions options, BiFunction<ActorId, RequestHead, Access> rule) {
    return Desk.open(
        options,
        actor -> actor.access(rule),
        (router, self) ->
            router
                .route()
                .handler(
                    request -> {
                      if (request.queryParam("who").contains("ada")) {
                        ((UserContextInternal) request.userContext()).setUser(User.fromName("ada"));
                      }
                      request.response().putHeader("X-Request-Id", "7");
                      request.next();
                    }));
  }

  @Test
  @DisplayName("F06: who is denied is told so at once, and not asked for the body")
  void deniedBeforeTheBody() {
    try (DormouseServer server = open((actor, head) -> Access.denied(403, "not you"));
        RawClient client = new RawClient(server.port())) {
      client.send(
          "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
              .formatted(PATH));
      Answer answer = client.readAnswer();
      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.body()).isEqualTo("not you");
      assertThat(answer.header("Connection")).containsExactly("close");
      client.awaitEnd();
      wasNeverActive(server);
    }
  }

  private static void wasNeverActive(DormouseServer server) {
    assertThat(server.status(ONE).state()).isEqualTo(ActorStatus.State.INACTIVE);
    assertThat(server.status(ONE).wakes()).isZero();
  }

  @Test
  @DisplayName(
      "S1 S2 who is denied gets status, headers, each cookie and body; the actor sleeps on")
  void whoIsDeniedGetsStatusHeadersEachCookieAndBody() {
    try (DormouseServer server =
        open(
            (actor, request) ->
                Access.denied(
                    HttpResponse.json(403, "{\"why\":\"" + actor.key() + "\"}")
                        .with("WWW-Authenticate", "Bearer")
                        .with("Set-Cookie", "a=1")
                        .with("Set-Cookie", "b=2")))) {
      for (Answer answer : List.of(Desk.upgrade(server, PATH), Desk.get(server, PATH))) {
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.header("WWW-Authenticate")).containsExactly("Bearer");
        assertThat(answer.header("Set-Cookie")).containsExactly("a=1", "b=2");
        assertThat(answer.header("X-Request-Id")).containsExactly("7");
        assertThat(answer.header("Content-Type")).containsExactly("application/json");
        assertThat(answer.body()).isEqualTo("{\"why\":\"one\"}");
      }
      wasNeverActive(server);
      assertThat(server.counts().refusals().get(Refusal.ACCESS)).isEqualTo(1);
      assertThat(server.counts().upgrades()).isZero();
    }
  }

  @Test
  @DisplayName("S1 a rule goes by user, key, and whether it is an upgrade; who may comes in")
  void aRuleGoesByUserKeyAndWhetherItIsAnUpgrade() {
    try (DormouseServer server =
        open(
            (actor, request) ->
                request.user().filter(user -> user.subject().equals("ada")).isPresent()
                        && actor.key().equals("one")
                    ? Access.granted()
                    : Access.denied(401, "who are you?"))) {
      assertThat(Desk.upgrade(server, PATH).status()).isEqualTo(401);
      assertThat(Desk.upgrade(server, "/desk/two?who=ada").status()).isEqualTo(401);
      assertThat(Desk.get(server, PATH).body()).isEqualTo("who are you?");
      wasNeverActive(server);
      assertThat(Desk.welcome(server, PATH + "?who=ada"))
          .isEqualTo("welcome ada {username=ada} at one");
      assertThat(Desk.get(server, PATH + "?who=ada").body()).isEqualTo("hello ada {username=ada}");
    }
  }

  @Test
  @DisplayName(
      "S1 a rule may take its time; frames sent meanwhile wait, the client is not answered")
  void aRuleMayTakeItsTime() throws Exception {
    BlockingQueue<CompletableFuture<Access>> asked = new LinkedBlockingQueue<>();
    try (DormouseServer server =
        open(
            (actor, request) -> {
              CompletableFuture<Access> decision = new CompletableFuture<>();
              asked.add(decision);
              return Access.later(decision);
            })) {
      try (RawClient client = new RawClient(server.port());
          RawClient plain = new RawClient(server.port())) {
        client.send(RawClient.upgrade(PATH)).text("early");
        CompletableFuture<Access> upgrade = asked.poll(10, TimeUnit.SECONDS);
        wasNeverActive(server);
        assertThat(server.counts().upgrades()).isEqualTo(1);
        upgrade.complete(Access.later(CompletableFuture.completedFuture(Access.granted())));
        assertThat(client.readAnswer().status()).isEqualTo(101);
        assertThat(client.readText()).startsWith("welcome");
        assertThat(client.readText()).isEqualTo("nobody: early");

        plain.send("POST /desk/one HTTP/1.1\r\nHost: dormouse.test\r\nContent-Length: 2\r\n\r\nhi");
        asked.poll(10, TimeUnit.SECONDS).complete(Access.granted());
        assertThat(plain.readAnswer().body()).isEqualTo("hello nobody");
        plain.send("GET /desk/one HTTP/1.1\r\nHost: dormouse.test\r\n\r\n");
        asked.poll(10, TimeUnit.SECONDS).complete(Access.denied(418, "no"));
        assertThat(plain.readAnswer().status()).isEqualTo(418);
      }
    }
  }

  @Test
  @DisplayName("S3 a rule that fails is answered 500 or its own status, and tells no client why")
  void aRuleThatFailsIsAnswered500OrItsOwnStatusAndTellsNoClientWhy() {
    try (DormouseServer server =
        open(
            (actor, request) -> {
              RuntimeException secret = new IllegalStateException("a secret of the server");
              return switch (request.query("how").orElse("")) {
                case "later" -> Access.later(CompletableFuture.failedFuture(secret));
                case "status" ->
                    throw new ResponseException(HttpResponse.text(402, "pay").with("X-A", "1"));
                case "statusLater" ->
                    Access.later(
                        CompletableFuture.failedFuture(
                            new CompletionException(
                                new ResponseException(HttpResponse.text(402, "pay")))));
                case "vertx" -> throw new HttpException(451, secret);
                case "null" -> null;
                default -> throw secret;
              };
            })) {
      for (String how : List.of("", "later", "null")) {
        for (Answer answer :
            List.of(
                Desk.upgrade(server, PATH + "?how=" + how),
                Desk.get(server, PATH + "?how=" + how))) {
          assertThat(answer.status()).isEqualTo(500);
          assertThat(answer.body()).isNotEmpty().doesNotContain("secret", "Exception", "at ");
        }
      }
      assertThat(Desk.upgrade(server, PATH + "?how=status").header("X-A")).containsExactly("1");
      assertThat(Desk.upgrade(server, PATH + "?how=statusLater").status()).isEqualTo(402);
      Answer vertx = Desk.get(server, PATH + "?how=vertx");
      assertThat(vertx.status()).isEqualTo(451);
      assertThat(vertx.body()).doesNotContain("secret");
      wasNeverActive(server);
      assertThat(server.counts().upgrades()).isZero();
    }
  }

  @Test
  @DisplayName("S14 a rule that is overdue: 503, and what it decides then wakes nobody")
  void aRuleThatIsOverdueIsAnswered503() throws Exception {
    CompletableFuture<Access> never = new CompletableFuture<>();
    ServerOptions defaults = ServerOptions.defaults();
    try (DormouseServer server =
        open(
            defaults.gateway(defaults.gateway().handshake(Duration.ofMillis(50))),
            (actor, request) -> Access.later(never))) {
      for (Answer answer : List.of(Desk.upgrade(server, PATH), Desk.get(server, PATH))) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).containsExactly("1");
      }
      never.complete(Access.granted());
      assertThat(Desk.get(server, "/nowhere").status()).isEqualTo(404); // earlier work is done
      wasNeverActive(server);
      assertThat(server.counts().refusals().get(Refusal.OVERDUE)).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("S12 a client that is gone before the rule decides is forgotten, and wakes nobody")
  void aClientThatIsGoneBeforeTheRuleDecidesIsForgottenAndWakesNobody() throws Exception {
    BlockingQueue<CompletableFuture<Access>> asked = new LinkedBlockingQueue<>();
    try (DormouseServer server =
        open(
            (actor, request) -> {
              CompletableFuture<Access> decision = new CompletableFuture<>();
              asked.add(decision);
              return Access.later(decision);
            })) {
      for (String request :
          List.of(
              RawClient.upgrade(PATH), "GET /desk/one HTTP/1.1\r\nHost: dormouse.test\r\n\r\n")) {
        RawClient client = new RawClient(server.port());
        client.send(request);
        CompletableFuture<Access> decision = asked.poll(10, TimeUnit.SECONDS);
        client.reset();
        Desk.await(server, () -> server.counts().httpConnections() == 0);
        decision.complete(Access.granted());
        assertThat(Desk.get(server, "/nowhere").status()).isEqualTo(404);
      }
      wasNeverActive(server);
      assertThat(server.counts().refusals().get(Refusal.CLIENT_GONE)).isEqualTo(1);
    }
  }
}
