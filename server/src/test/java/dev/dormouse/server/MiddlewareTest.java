package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.http.WebSocketUpgrades;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.CorsHandler;
import io.vertx.ext.web.handler.ErrorHandler;
import io.vertx.ext.web.handler.FileSystemAccess;
import io.vertx.ext.web.handler.HSTSHandler;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.ext.web.handler.LoggerFormat;
import io.vertx.ext.web.handler.LoggerHandler;
import io.vertx.ext.web.handler.ResponseContentTypeHandler;
import io.vertx.ext.web.handler.ResponseTimeHandler;
import io.vertx.ext.web.handler.SessionHandler;
import io.vertx.ext.web.handler.StaticHandler;
import io.vertx.ext.web.handler.TimeoutHandler;
import io.vertx.ext.web.sstore.LocalSessionStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks that an upgrade is a request like any other: the handlers before a socket's route do their
 * work.
 */
class MiddlewareTest {
  private static final String PATH = "/desk/one";
  private static final String NOBODY = "welcome nobody at one";

  @Test
  @DisplayName("C1 upgrades and plain requests pass through the same handlers, the socket's last")
  void upgradesAndPlainRequestsPassThroughTheSameHandlersTheSocketsLast() {
    Queue<String> seen = new ConcurrentLinkedQueue<>();
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              router
                  .route()
                  .handler(
                      request -> {
                        seen.add("all " + WebSocketUpgrades.isUpgrade(request));
                        request.next();
                      });
              router
                  .route("/desk/*")
                  .handler(
                      request -> {
                        seen.add("desk");
                        request.next();
                      });
              router.get("/about").handler(request -> request.end("about"));
            })) {
      assertThat(Desk.welcome(server, PATH)).isEqualTo(NOBODY);
      assertThat(Desk.get(server, PATH).body()).isEqualTo("hello nobody");
      assertThat(Desk.get(server, "/about").body()).isEqualTo("about");
      assertThat(seen).containsExactly("all true", "desk", "all false", "desk", "all false");
    }
  }

  @Test
  @DisplayName("C2 actors are mounted in a sub-router, under its path and its middleware")
  void actorsAreMountedInASubRouterUnderItsPathAndItsMiddleware() {
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              Router inner = Router.router(self.vertx());
              inner
                  .route()
                  .handler(
                      request -> {
                        request.response().putHeader("X-Inner", "1");
                        request.next();
                      });
              self.mount(inner, "desk");
              router.route("/v1/*").subRouter(inner);
            })) {
      Answer answer = Desk.upgrade(server, "/v1/desk/one");
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("X-Inner")).containsExactly("1");
      assertThat(Desk.welcome(server, "/v1/desk/one")).isEqualTo(NOBODY);
      assertThat(Desk.get(server, "/v1/desk/one").body()).isEqualTo("hello nobody");
      assertThat(Desk.upgrade(server, PATH).status()).isEqualTo(404);
    }
  }

  @Test
  @DisplayName("C2 C6 a socket's route may be one of a virtual host, of a query, and of all that")
  void virtualHostsAndQueries() {
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              router
                  .route("/desk/*")
                  .handler(
                      request -> {
                        if (request.queryParam("v").contains("0")) {
                          request.fail(410);
                        } else {
                          request.next();
                        }
                      });
              self.mount(router, "desk").virtualHost("*.test");
            })) {
      assertThat(Desk.upgrade(server, PATH).status()).isEqualTo(101);
      assertThat(Desk.upgrade(server, PATH + "?v=1").status()).isEqualTo(101);
      assertThat(Desk.upgrade(server, PATH + "?v=0").status()).isEqualTo(410);
      List<String> elsewhere =
          RawClient.goodHeaders().stream()
              .map(header -> header.replace("dormouse.test", "dormouse.example"))
              .toList();
      try (RawClient client = new RawClient(server.port())) {
        client.send(RawClient.head("GET " + PATH + " HTTP/1.1", elsewhere));
        assertThat(client.readAnswer().status()).isEqualTo(404);
      }
    }
  }

  @Test
  @DisplayName("C4 C6 a session's cookie is on the 101, and found again by the next upgrade")
  void aSessionsCookieIsOnThe101AndFoundAgainByTheNextUpgrade() {
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              router.route().handler(SessionHandler.create(LocalSessionStore.create(self.vertx())));
              router
                  .route()
                  .handler(
                      request -> {
                        Integer before = request.session().get("n");
                        int visits = before == null ? 1 : before + 1;
                        request.session().put("n", visits);
                        request.response().putHeader("X-Visits", "" + visits);
                        request.next();
                      });
            })) {
      Answer first = Desk.upgrade(server, PATH);
      assertThat(first.status()).isEqualTo(101);
      assertThat(first.header("X-Visits")).containsExactly("1");
      String cookie =
          first.header("Set-Cookie").stream()
              .filter(set -> set.startsWith("vertx-web.session="))
              .map(set -> set.substring(0, set.indexOf(';')))
              .findFirst()
              .orElseThrow();
      assertThat(first.header("Set-Cookie")).contains("desk=1");
      assertThat(Desk.upgrade(server, PATH, "Cookie: " + cookie).header("X-Visits"))
          .containsExactly("2");
      assertThat(Desk.get(server, PATH, "Cookie: " + cookie).header("X-Visits"))
          .containsExactly("3");
    }
  }

  @Test
  @DisplayName("C6 a logger hears of upgrades that are answered, with their status")
  void aLoggerHearsOfUpgradesThatAreAnsweredWithTheirStatus() throws Exception {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    try (DormouseServer server =
        Desk.open(
            (router, self) ->
                router
                    .route()
                    .handler(
                        LoggerHandler.create(false, LoggerFormat.CUSTOM)
                            .customFormatter(
                                (request, took) -> {
                                  lines.add(
                                      request.request().path()
                                          + " "
                                          + request.response().getStatusCode());
                                  return "a line";
                                })))) {
      assertThat(Desk.upgrade(server, "/nowhere").status()).isEqualTo(404);
      assertThat(lines.poll(10, TimeUnit.SECONDS)).isEqualTo("/nowhere 404");
      assertThat(Desk.upgrade(server, PATH).status()).isEqualTo(101);
      assertThat(lines.poll(10, TimeUnit.SECONDS)).isEqualTo(PATH + " 101");
      assertThat(Desk.get(server, PATH).status()).isEqualTo(200);
      assertThat(lines.poll(10, TimeUnit.SECONDS)).isEqualTo(PATH + " 200");
    }
  }

  @Test
  @DisplayName("C6 response time, HSTS, CORS and a timeout do on a 101 what they do on a 200")
  void responseTimeHSTSCORSAndATimeoutDoOnA101WhatTheyDoOnA200() {
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              router.route().handler(ResponseTimeHandler.create());
              router.route().handler(TimeoutHandler.create(60_000));
              router.route().handler(HSTSHandler.create());
              router.route().handler(CorsHandler.create().addOrigin("http://dormouse.test"));
            })) {
      for (Answer answer :
          List.of(
              Desk.upgrade(server, PATH, "Origin: http://dormouse.test"),
              Desk.get(server, PATH, "Origin: http://dormouse.test"))) {
        assertThat(answer.status()).isIn(101, 200);
        assertThat(answer.header("X-Response-Time")).hasSize(1);
        assertThat(answer.header("Access-Control-Allow-Origin"))
            .containsExactly("http://dormouse.test");
      }
    }
  }

  @Test
  @DisplayName("C6 a handler of an answer's headers or end hears of a 101 once, as of a 200")
  void whoWaitsForAnAnswersHeadersOrEndHearsOfA101OnceAsOfA200() throws Exception {
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    try (DormouseServer server =
        Desk.open(
            (router, self) ->
                router
                    .route()
                    .handler(
                        request -> {
                          request.addHeadersEndHandler(end -> told.add("headers"));
                          request.addBodyEndHandler(end -> told.add("body"));
                          request.addEndHandler(
                              end ->
                                  told.add(
                                      request.response().getStatusCode() + " " + end.succeeded()));
                          request.next();
                        }))) {
      try (RawClient client = new RawClient(server.port())) {
        assertThat(client.open(PATH).readText()).isEqualTo(NOBODY);
        for (String expected : List.of("headers", "body", "101 true")) {
          assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(expected);
        }
        client.send(RawClient.closeFrame(1000, "")).awaitEnd();
      }
      assertThat(Desk.get(server, PATH).status()).isEqualTo(200);
      for (String expected : List.of("headers", "body", "200 true")) {
        assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(expected);
      }
      assertThat(told).isEmpty();
    }
  }

  @Test
  @DisplayName("C7 body, static file and content type handlers before a socket's route do no harm")
  void bodyStaticFileAndContentTypeHandlersBeforeASocketsRouteDoNoHarm(@TempDir Path folder)
      throws Exception {
    Files.writeString(folder.resolve("page.html"), "a page");
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              router.route().handler(BodyHandler.create(false));
              router.route().handler(ResponseContentTypeHandler.create());
              router
                  .route()
                  .handler(StaticHandler.create(FileSystemAccess.ROOT, folder.toString()));
            })) {
      assertThat(Desk.get(server, "/page.html").body()).isEqualTo("a page");
      assertThat(Desk.welcome(server, PATH)).isEqualTo(NOBODY);
      assertThat(Desk.get(server, PATH).body()).isEqualTo("hello nobody");
      try (RawClient client = new RawClient(server.port())) {
        client.open(PATH).text("hi");
        assertThat(client.readText()).isEqualTo(NOBODY);
        assertThat(client.readText()).isEqualTo("nobody: hi");
      }
    }
  }

  @Test
  @DisplayName("C8 an error handler of the application's answers what has no route")
  void anErrorHandlerOfTheApplicationsAnswersWhatHasNoRoute() {
    try (DormouseServer server =
        Desk.open(
            (router, self) ->
                router.errorHandler(
                    404, request -> request.response().setStatusCode(404).end("no such desk")))) {
      assertThat(Desk.upgrade(server, "/nowhere").body()).isEqualTo("no such desk");
      assertThat(Desk.get(server, "/nowhere").body()).isEqualTo("no such desk");
    }
  }

  @Test
  @DisplayName("C15 a handler's exception reaches the error handler, and the client as 5xx")
  void whatAHandlerThrowsReachesTheErrorHandlerAndTheClientAs5xx() {
    try (DormouseServer server =
        Desk.open(
            (router, self) -> {
              router
                  .route("/desk/broken")
                  .handler(
                      request -> {
                        throw new IllegalStateException("a secret of the server");
                      });
              router
                  .route("/desk/later")
                  .handler(
                      request -> {
                        request.request().pause();
                        self.vertx()
                            .timer(1)
                            .onComplete(elapsed -> request.fail(new HttpException(502)));
                      });
              router
                  .route("/desk/handled")
                  .handler(
                      request -> {
                        throw new IllegalStateException("a secret of the server");
                      })
                  .failureHandler(
                      request ->
                          request
                              .response()
                              .setStatusCode(503)
                              .end("handled " + request.failure().getClass().getSimpleName()));
              router
                  .route("/desk/page")
                  .handler(
                      request -> {
                        throw new IllegalStateException("a secret of the server");
                      })
                  .failureHandler(ErrorHandler.create(self.vertx()));
            })) {
      for (Answer answer :
          List.of(Desk.upgrade(server, "/desk/broken"), Desk.get(server, "/desk/broken"))) {
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).isNotEmpty().doesNotContain("secret", "Exception", "at ");
      }
      assertThat(Desk.upgrade(server, "/desk/later").status()).isEqualTo(502);
      assertThat(Desk.upgrade(server, "/desk/handled").body())
          .isEqualTo("handled IllegalStateException");
      Answer page = Desk.upgrade(server, "/desk/page");
      assertThat(page.status()).isEqualTo(500);
      assertThat(page.body()).doesNotContain("secret", "MiddlewareTest");
      assertThat(Desk.welcome(server, PATH)).isEqualTo(NOBODY);
    }
  }

  @Test
  @DisplayName("C9 a handler can ask whether a request is an upgrade, as the route will see it")
  void aHandlerCanAskWhetherARequestIsAnUpgradeAsTheRouteWillSeeIt() {
    try (DormouseServer server =
        Desk.open(
            (router, self) ->
                router
                    .route()
                    .handler(
                        request -> {
                          request
                              .response()
                              .putHeader("X-Is", "" + WebSocketUpgrades.isUpgrade(request));
                          request.next();
                        }))) {
      assertThat(Desk.upgrade(server, PATH).header("X-Is")).containsExactly("true");
      assertThat(Desk.get(server, PATH).header("X-Is")).containsExactly("false");
      for (String plain : List.of("h2c", "websockets", "Dummy/1")) {
        Answer answer = Desk.get(server, PATH, "Connection: Upgrade", "Upgrade: " + plain);
        assertThat(answer.header("X-Is")).containsExactly("false");
        assertThat(answer.status()).isEqualTo(200);
      }
      for (String upgrade : List.of("WebSocket", "h2c, websocket")) {
        Answer answer = Desk.get(server, PATH, "Connection: Upgrade", "Upgrade: " + upgrade);
        assertThat(answer.header("X-Is")).containsExactly("true");
        assertThat(answer.status()).isNotEqualTo(200);
      }
    }
  }

  @Test
  @DisplayName("C7 a handler that takes its time and does not pause the request hangs no upgrade")
  void doesNotPause() {
    try (DormouseServer server =
        Desk.open(
            (router, self) ->
                router
                    .route()
                    .handler(
                        request -> self.vertx().timer(20).onComplete(elapsed -> request.next())))) {
      assertThat(Desk.welcome(server, PATH)).isEqualTo(NOBODY);
      assertThat(Desk.get(server, PATH).body()).isEqualTo("hello nobody");
    }
  }
}
