package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.http.WebSocketUpgrades;
import dev.dormouse.server.host.ActorStatus;
import io.vertx.core.Future;
import io.vertx.core.http.Cookie;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.AuthenticationProvider;
import io.vertx.ext.auth.authentication.UsernamePasswordCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import io.vertx.ext.web.handler.BasicAuthHandler;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.CSRFHandler;
import io.vertx.ext.web.handler.JWTAuthHandler;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks that middleware admits only known clients, by upgrade or by plain request. */
class GuardsTest {
  private static final String PATH = "/desk/one";
  private static final String NOBODY = "welcome nobody at one";

  private static void wakesNobody(DormouseServer server) {
    assertThat(server.status(new ActorId("desk", "one")).state())
        .isEqualTo(ActorStatus.State.INACTIVE);
    assertThat(server.status(new ActorId("desk", "one")).wakes()).isZero();
  }

  @Test
  @DisplayName("C3 a handler rejects with status, headers, cookies and a body, and wakes nobody")
  void aHandlerRejectsWithStatusHeadersCookiesAndABodyAndWakesNobody() {
    try (DormouseServer server =
        Desk.behind(
            self ->
                request ->
                    request
                        .response()
                        .setStatusCode(401)
                        .putHeader("WWW-Authenticate", "Bearer")
                        .addCookie(Cookie.cookie("seen", "1"))
                        .putHeader("Content-Type", "application/json")
                        .end("{\"error\":\"token\"}"))) {
      Answer answer = Desk.upgrade(server, PATH);
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("WWW-Authenticate")).containsExactly("Bearer");
      assertThat(answer.header("Set-Cookie")).containsExactly("seen=1");
      assertThat(answer.body()).isEqualTo("{\"error\":\"token\"}");
      assertThat(answer).isEqualTo(Desk.get(server, PATH));
      wakesNobody(server);
    }
  }

  /** Returns a provider that knows one password and answers later, as one with a database does. */
  private static AuthenticationProvider passwords(DormouseServer server) {
    return credentials -> {
      UsernamePasswordCredentials given = (UsernamePasswordCredentials) credentials;
      User user =
          User.create(
              new JsonObject()
                  .put("username", given.getUsername())
                  .put("password", given.getPassword())
                  .put("roles", List.of("staff")));
      return server
          .vertx()
          .timer(1)
          .compose(
              elapsed ->
                  given.getPassword().equals("secret")
                      ? Future.succeededFuture(user)
                      : Future.failedFuture("wrong"));
    };
  }

  private static String basic(String password) {
    String both =
        Base64.getEncoder().encodeToString(("ada:" + password).getBytes(StandardCharsets.US_ASCII));
    return "Authorization: Basic " + both;
  }

  @Test
  @DisplayName("C5 basic auth: 401 with a challenge, or the user reaches onUpgrade and onRequest")
  void basicAuthAnswers401OrTheUserReachesOnUpgradeAndOnRequest() {
    try (DormouseServer server =
        Desk.behind(self -> BasicAuthHandler.create(passwords(self), "desks"))) {
      for (Answer answer :
          List.of(
              Desk.upgrade(server, PATH),
              Desk.upgrade(server, PATH, basic("guess")),
              Desk.get(server, PATH, basic("guess")))) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate").get(0)).startsWith("Basic realm=\"desks\"");
      }
      wakesNobody(server);
      String ada = "ada {username=ada, roles=[staff]}";
      assertThat(Desk.welcome(server, PATH, basic("secret")))
          .isEqualTo("welcome " + ada + " at one");
      assertThat(Desk.get(server, PATH, basic("secret")).body()).isEqualTo("hello " + ada);
    }
  }

  private static JWTAuth tokens(DormouseServer server, String secret) {
    return JWTAuth.create(
        server.vertx(),
        new JWTAuthOptions()
            .addPubSecKey(
                new PubSecKeyOptions().setAlgorithm("HS256").setBuffer(secret.repeat(4))));
  }

  private static String bearer(JWTAuth auth) {
    return "Authorization: Bearer "
        + auth.generateToken(
            new JsonObject().put("sub", "ada").put("room", "one").put("admin", true),
            new JWTOptions().setNoTimestamp(true));
  }

  @Test
  @DisplayName("C5 JWT: 401 without a good token, or its claims reach onUpgrade and onRequest")
  void aJwtIsRequiredAndItsClaimsReachOnUpgradeAndOnRequest() {
    try (DormouseServer server =
        Desk.behind(self -> JWTAuthHandler.create(tokens(self, "a good secret"), "desks"))) {
      String good = bearer(tokens(server, "a good secret"));
      for (Answer answer :
          List.of(
              Desk.upgrade(server, PATH),
              Desk.upgrade(server, PATH, "Authorization: Bearer none"),
              Desk.upgrade(server, PATH, bearer(tokens(server, "another secret"))),
              Desk.get(server, PATH, good + "x"))) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body()).isNotEmpty();
      }
      wakesNobody(server);
      String ada = "ada {sub=ada, room=one, admin=true}";
      assertThat(Desk.welcome(server, PATH, good)).isEqualTo("welcome " + ada + " at one");
      assertThat(Desk.get(server, PATH, good).body()).isEqualTo("hello " + ada);
    }
  }

  @Test
  @DisplayName("S16 no header, cookie, query or body of a client makes it a user")
  void noHeaderCookieQueryOrBodyOfAClientMakesItAUser() {
    try (DormouseServer server = Desk.open((router, self) -> {})) {
      String[] forged = {
        "User: ada",
        "X-User: ada",
        "X-Forwarded-User: ada",
        "Remote-User: ada",
        "Dormouse-User: ada",
        basic("secret"),
        "Cookie: user=ada; vertx-web.session=ada",
        "X-Dormouse-Connection: 1",
        "Sec-WebSocket-Accept: yes"
      };
      assertThat(Desk.welcome(server, PATH + "?user=ada&subject=ada", forged)).isEqualTo(NOBODY);
      assertThat(Desk.get(server, PATH + "?user=ada", forged).body()).isEqualTo("hello nobody");
    }
  }

  @Test
  @DisplayName("C5 CSRF: a POST without the token is 403; its cookie is on the 101 of an upgrade")
  void aPostWithoutTheCsrfTokenIsAnswered403() {
    try (DormouseServer server =
        Desk.open(
            (router, self) ->
                router
                    .route("/desk/*")
                    .handler(BodyHandler.create(false))
                    .handler(CSRFHandler.create(self.vertx(), "a secret that is long")))) {
      Answer answer = Desk.upgrade(server, PATH);
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Set-Cookie")).anyMatch(set -> set.startsWith("XSRF-TOKEN="));
      try (RawClient client = new RawClient(server.port())) {
        client.send("POST /desk/one HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        assertThat(client.readAnswer().status()).isEqualTo(403);
      }
    }
  }

  @Test
  @DisplayName("C5 a CSRF check that is applied to upgrades answers 403")
  void csrfOfUpgrades() {
    try (DormouseServer server =
        Desk.behind(
            self ->
                request -> {
                  Cookie cookie = request.request().getCookie("csrf");
                  if (WebSocketUpgrades.isUpgrade(request)
                      && (cookie == null
                          || !request.queryParam("csrf").contains(cookie.getValue()))) {
                    request.fail(403);
                  } else {
                    request.next();
                  }
                })) {
      assertThat(Desk.upgrade(server, PATH, "Cookie: csrf=7").status()).isEqualTo(403);
      assertThat(Desk.upgrade(server, PATH + "?csrf=7", "Cookie: csrf=7").status()).isEqualTo(101);
    }
  }

  @Test
  @DisplayName("C5 a rate limit answers upgrades and plain requests alike with 429")
  void aRateLimitAnswersUpgradesAndPlainRequestsAlikeWith429() {
    Map<String, Integer> taken = new ConcurrentHashMap<>();
    try (DormouseServer server =
        Desk.behind(
            self ->
                request -> {
                  String client = request.request().remoteAddress().hostAddress();
                  if (taken.merge(client, 1, Integer::sum) > 2) {
                    request.response().putHeader("Retry-After", "7");
                    request.fail(429);
                  } else {
                    request.next();
                  }
                })) {
      assertThat(Desk.upgrade(server, PATH).status()).isEqualTo(101);
      assertThat(Desk.get(server, PATH).status()).isEqualTo(200);
      Answer answer = Desk.upgrade(server, PATH);
      assertThat(answer.status()).isEqualTo(429);
      assertThat(answer.header("Retry-After")).containsExactly("7");
      assertThat(answer.body()).isNotEmpty();
      assertThat(Desk.get(server, PATH).status()).isEqualTo(429);
    }
  }
}
