package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.options.ServerOptions;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks that a server lives in the process of another application: its actors are reachable on the
 * application's own Vert.x instance and HTTP server, and a failure does not end the process.
 */
@Timeout(120)
class EmbeddingTest {
  private static final List<String> HOST = List.of("Host: dormouse.test");

  /** The application's Vert.x instance, whose event loops are none of the server's. */
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));

  @AfterEach
  void closeVertx() throws Exception {
    done(vertx.close());
  }

  private static <T> T done(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static DormouseServer desks(UnaryOperator<ActorOptions> options) {
    return Desk.open(ServerOptions.defaults(), options, (router, self) -> {});
  }

  /** Opens an HTTP server of the application with actors on its router, and returns its port. */
  private int listen(DormouseServer server) throws Exception {
    Router router = Router.router(vertx);
    router.get("/about").handler(request -> request.end("about"));
    router
        .route("/desk/*")
        .handler(
            request -> {
              request.response().putHeader("X-Application", "1");
              request.next();
            });
    server.mount(router, "desk");
    return done(listen(router)).actualPort();
  }

  private Future<HttpServer> listen(Router router) {
    return vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1");
  }

  private static Answer get(int port, String path) {
    try (RawClient client = new RawClient(port)) {
      return client.send(RawClient.head("GET " + path + " HTTP/1.1", HOST)).readAnswer();
    }
  }

  @Test
  void actorsAreReachableOnTheApplicationsOwnHttpServer() throws Exception {
    try (DormouseServer server = desks(options -> options)) {
      int port = listen(server);
      Answer plain = get(port, "/desk/one");
      assertThat(plain.body()).isEqualTo("hello nobody");
      assertThat(plain.header("X-Application")).containsExactly("1");
      try (RawClient client = new RawClient(port)) {
        Answer answer = client.send(RawClient.upgrade("/desk/one")).readAnswer();
        assertThat(answer.status()).isEqualTo(101);
        assertThat(answer.header("X-Application")).containsExactly("1");
        assertThat(client.readText()).isEqualTo("welcome nobody at one");
        assertThat(client.text("hi").readText()).isEqualTo("nobody: hi");
        assertThat(server.counts().sockets()).isEqualTo(1);
      }
      assertThat(Desk.get(server, "/desk/one").body()).isEqualTo("hello nobody");
    }
  }

  @Test
  void aStopOfTheServerClosesItsSocketsAndLeavesTheApplicationUp() throws Exception {
    DormouseServer server = desks(options -> options);
    int port = listen(server);
    try (RawClient client = new RawClient(port)) {
      assertThat(client.open("/desk/one").readText()).isEqualTo("welcome nobody at one");
      server.close();
      assertThat(client.readClose()).isEqualTo(1001);
    }
    assertThat(get(port, "/about").body()).isEqualTo("about");
    assertThat(get(port, "/desk/one").status()).isEqualTo(503);
    try (RawClient client = new RawClient(port)) {
      Answer answer = client.send(RawClient.upgrade("/desk/one")).readAnswer();
      assertThat(answer.status()).isEqualTo(503);
    }
  }

  @Test
  void anAccessRuleThatDecidesLaterIsAsked() throws Exception {
    try (DormouseServer server =
        desks(
            options ->
                options.access(
                    (actor, head) ->
                        Access.later(
                            CompletableFuture.supplyAsync(
                                () ->
                                    head.query("in").isPresent()
                                        ? Access.granted()
                                        : Access.denied(403, "no")))))) {
      int port = listen(server);
      try (RawClient client = new RawClient(port)) {
        assertThat(client.open("/desk/one?in=1").readText()).isEqualTo("welcome nobody at one");
      }
      assertThat(get(port, "/desk/one").status()).isEqualTo(403);
    }
  }

  @Test
  void aPathThatIsNotUtf8NamesNoActor() throws Exception {
    try (DormouseServer server = desks(options -> options)) {
      int port = listen(server);
      assertThat(get(port, "/desk/%C3%A9").status()).isEqualTo(200);
      assertThat(get(port, "/desk/%E9").status()).isEqualTo(400);
    }
  }

  @Test
  void anHttpServerOnWorkerThreadsReachesNoActor() throws Exception {
    try (DormouseServer server = desks(options -> options)) {
      Router router = Router.router(vertx);
      server.mount(router, "desk");
      CompletableFuture<HttpServer> http = new CompletableFuture<>();
      done(
          vertx.deployVerticle(
              context -> listen(router).onSuccess(http::complete),
              new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER)));
      int port = http.get(30, TimeUnit.SECONDS).actualPort();
      try (RawClient client = new RawClient(port)) {
        Answer answer = client.send(RawClient.upgrade("/desk/one")).readAnswer();
        assertThat(answer.status()).isEqualTo(500);
      }
      assertThat(server.counts().upgrades()).isZero();
    }
  }

  @Test
  void aPlainRequestMayComeByHttp2() throws Exception {
    try (DormouseServer server = desks(options -> options)) {
      int port = listen(server);
      HttpClient client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setHttp2ClearTextUpgrade(false));
      Buffer answer =
          done(
              client
                  .request(HttpMethod.POST, port, "127.0.0.1", "/desk/one")
                  .compose(request -> request.send("a body"))
                  .compose(
                      response -> {
                        assertThat(response.version()).isEqualTo(HttpVersion.HTTP_2);
                        return response.body();
                      }));
      assertThat(answer.toString()).isEqualTo("hello nobody");
    }
  }

  /** Stores each text, and answers with the number of texts that were stored. */
  public static final class Shelf extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      long number = storage().increment("count", 1);
      storage().put("text " + number, text);
      from.send("" + number);
    }
  }

  private static DormouseServer shelves(Path data, CompletableFuture<ProcessEnd> end) {
    return Dormouse.server()
        .actor("/shelf/:key", Shelf.class, Shelf::new)
        .open(ServerOptions.defaults().port(0).adminPort(0).data(data).onFatal(end::complete));
  }

  /** Makes the next logs of a store files that cannot be written, and returns them. */
  private static List<Path> spoilLogs(Path data) throws IOException {
    Path newest;
    try (Stream<Path> files = Files.walk(data)) {
      newest = files.filter(f -> f.toString().endsWith(".log")).sorted().reduce((a, b) -> b).get();
    }
    int number = Integer.parseInt(newest.getFileName().toString().replace(".log", ""));
    List<Path> spoiled = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      Path log = newest.resolveSibling("%06d.log".formatted(number + i));
      spoiled.add(Files.createSymbolicLink(log, Path.of("/proc/self/oom_score_adj")));
    }
    return spoiled;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aStoreThatFailsIsReportedToTheApplicationWhichMayOpenItAgain(@TempDir Path data)
      throws Exception {
    CompletableFuture<ProcessEnd> end = new CompletableFuture<>();
    String large = "x".repeat(60_000);
    List<Path> spoiled;
    long kept = 1;
    try (DormouseServer server = shelves(data, end);
        TextClient client = new TextClient(server, "/shelf/one")) {
      CompletableFuture<Void> closed = end.thenRunAsync(server::close);
      assertThat(client.ask("first")).isEqualTo("1");
      spoiled = spoilLogs(data);
      String answer = client.ask(large);
      while (kept < 1_000 && answer.equals("" + (kept + 1))) {
        kept++;
        answer = client.ask(large);
      }
      assertThat(answer).startsWith("closed ");
      assertThat(end.get(60, TimeUnit.SECONDS).exitCode()).isEqualTo(ProcessEnd.STORE_FAILED);
      closed.get(60, TimeUnit.SECONDS);
    }
    for (Path log : spoiled) {
      Files.deleteIfExists(log);
    }
    CompletableFuture<ProcessEnd> again = new CompletableFuture<>();
    try (DormouseServer server = shelves(data, again);
        TextClient client = new TextClient(server, "/shelf/one")) {
      assertThat(Long.parseLong(client.ask("last"))).isGreaterThan(kept);
    }
    assertThat(again).isNotDone();
  }
}
