package dev.dormouse.server.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that all readers of a request's head read the same: actors, access rules, middleware. */
class OneReadingTest {
  private static final BlockingQueue<String> read = new LinkedBlockingQueue<>();

  private static DormouseServer server;

  @BeforeEach
  void nothingIsRead() {
    read.clear();
  }

  /** Tells how it reads {@code name} and {@code admin}. */
  static final class Page extends WebSocketActor<Void> {
    @Override
    protected void onUpgrade(Upgrade<Void> upgrade) {
      upgrade.accept(null).send(reading("actor", upgrade.head()));
    }

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      return HttpResponse.text(200, reading("actor", request.head()));
    }
  }

  private static String reading(String who, RequestHead head) {
    return reading(
        who, head.query("name").orElse("none"), head.query("admin").orElse("none"), head.path());
  }

  private static String reading(String who, String name, String admin, String path) {
    String reading = "name %s, admin %s at %s".formatted(name, admin, path);
    read.add(who + ": " + reading);
    return reading;
  }

  @BeforeAll
  static void start() {
    server =
        Dormouse.server()
            .actor(
                "/page/:key",
                Page.class,
                Page::new,
                options ->
                    options.access(
                        (actor, head) -> {
                          reading("rule", head);
                          return Access.granted();
                        }))
            .routes(
                (router, self) ->
                    router
                        .route()
                        .handler(
                            context -> {
                              for (var parameters :
                                  List.of(context.queryParams(), context.request().params())) {
                                reading(
                                    "middleware",
                                    parameters.contains("name") ? parameters.get("name") : "none",
                                    parameters.contains("admin") ? parameters.get("admin") : "none",
                                    context.request().path());
                              }
                              context.next();
                            }))
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("not-used"))
                    .durability(Durability.MEMORY));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "'?name=Tom;admin=1', 'name Tom;admin=1, admin none at /page/a'",
    "'?name=Tom%3Badmin=1', 'name Tom;admin=1, admin none at /page/a'",
    "'?a=b;admin=1&name=x', 'name x, admin none at /page/a'",
    "'?name=Tom&admin=1', 'name Tom, admin 1 at /page/a'",
    "'?name=a+b%2Bc', 'name a b+c, admin none at /page/a'",
    "'?name=a&name=b', 'name a, admin none at /page/a'",
    "'?NAME=a&name=b', 'name a, admin none at /page/a'",
    "'?Name=a', 'name a, admin none at /page/a'",
    "'?name=a=b', 'name a=b, admin none at /page/a'",
    "'?name', 'name , admin none at /page/a'",
    "'?&&name=a&', 'name a, admin none at /page/a'",
    "'?name=%26admin=1', 'name &admin=1, admin none at /page/a'",
    "'?name=%2526', 'name %26, admin none at /page/a'",
    "'?name=%ff', 'name \ufffd, admin none at /page/a'",
    "'?name=a?admin=1', 'name a?admin=1, admin none at /page/a'",
    "';admin=1?name=a', 'name a, admin none at /page/a;admin=1'",
    "'+b%252e?name=a', 'name a, admin none at /page/a+b%252e'",
  })
  @DisplayName("F05: one URL has one reading, for upgrades, requests, access rules and middleware")
  void oneURLHasOneReadingForUpgradesRequestsAccessRulesAndMiddleware(String url, String reading)
      throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      client.send(RawClient.head("GET /page/a" + url + " HTTP/1.1", List.of("Host: x")));
      Answer answer = client.readAnswer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(reading);
      client.open("/page/a" + url);
      assertThat(client.readText()).isEqualTo(reading);
    }
    for (int request = 0; request < 2; request++) {
      for (String who : List.of("middleware", "middleware", "rule", "actor")) {
        assertThat(read.poll(10, TimeUnit.SECONDS)).isEqualTo(who + ": " + reading);
      }
    }
  }

  @Test
  @DisplayName("F05: parameters that nobody would read are refused, and so are malformed escapes")
  void tooManyParameters() {
    String many = "/page/a?a" + "&a".repeat(1_023);
    assertThat(get(many)).isEqualTo(200);
    assertThat(get(many + "&name=x")).isEqualTo(400);
    for (String malformed : List.of("?name=%", "?name=%2", "?name=%zz", "?%=a", "%", "%2")) {
      assertThat(get("/page/a" + malformed)).as(malformed).isEqualTo(400);
    }
  }

  private static int get(String url, String... headers) {
    try (RawClient client = new RawClient(server.port())) {
      client.send(RawClient.head("GET " + url + " HTTP/1.1", List.of("Host: x"), headers));
      return client.readAnswer().status();
    }
  }

  @Test
  @DisplayName("F04: a first line of 8,000 bytes is taken, one over the limit is 414, headers 431")
  void lineAndHeadersOverTheirLimitsAreAnswered414And431() {
    String url = "/page/a?token=";
    try (RawClient client = new RawClient(server.port())) {
      client.open(url + "x".repeat(7_000));
    }
    int rest = "GET  HTTP/1.1".length() + url.length();
    assertThat(get(url + "x".repeat(8_000 - rest))).isEqualTo(200);
    assertThat(get(url + "x".repeat(8_192 - rest))).isEqualTo(200);
    assertThat(get(url + "x".repeat(8_193 - rest))).isEqualTo(414);
    assertThat(get("/page/a", "X: " + "x".repeat(8_000))).isEqualTo(200);
    assertThat(get("/page/a", "X: " + "x".repeat(8_200))).isEqualTo(431);
  }

  @Test
  @DisplayName("F04: both limits are options")
  void bothLimitsAreOptions() {
    try (DormouseServer roomy =
            Dormouse.server()
                .actor("/page/:key", Page.class, Page::new)
                .open(
                    ServerOptions.defaults()
                        .port(0)
                        .adminPort(0)
                        .data(Path.of("not-used"))
                        .durability(Durability.MEMORY)
                        .gateway(
                            GatewayOptions.defaults()
                                .requestLineBytesMax(20_000)
                                .headersBytesMax(30_000)));
        RawClient client = new RawClient(roomy.port())) {
      client.send(
          RawClient.upgrade("/page/a?name=" + "x".repeat(19_000), "X: " + "x".repeat(29_000)));
      assertThat(client.readAnswer().status()).isEqualTo(101);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "DELETE", "OPTIONS", "PROPFIND"})
  @DisplayName("F07: what a page does not do is 405 with what it does, HEAD with it")
  void whatAPageDoesNotDoIs405WithWhatItDoesHEADWithIt(String method) {
    try (RawClient admin = new RawClient(server.adminPort())) {
      for (var page :
          Map.of("/healthz", "GET, HEAD, OPTIONS", "/backup", "POST, OPTIONS").entrySet()) {
        if (method.equals("POST") && page.getKey().equals("/backup")) {
          continue;
        }
        admin.send(
            RawClient.head(method + " " + page.getKey() + " HTTP/1.1", List.of("Host: localhost")));
        Answer answer = admin.readAnswer();
        assertThat(answer.status()).isEqualTo(method.equals("OPTIONS") ? 204 : 405);
        assertThat(answer.header("Allow")).containsExactly(page.getValue());
      }
    }
  }

  @Test
  @DisplayName("F07: HEAD is answered by every page as GET is, without a body")
  void headIsAnsweredByEveryPageAsGETIsWithoutABody() {
    for (String page :
        List.of(
            "/",
            "/healthz",
            "/readyz",
            "/counts",
            "/metrics",
            "/actors/page/a",
            "/actors/page/a/connections",
            "/api/node",
            "/api/actors",
            "/dashboard/dashboard.js",
            "/json/list",
            "/json/version",
            "/json/protocol",
            "/nowhere")) {
      List<String> host = List.of("Host: localhost:" + server.adminPort());
      try (RawClient get = new RawClient(server.adminPort());
          RawClient head = new RawClient(server.adminPort())) {
        Answer got = get.send(RawClient.head("GET " + page + " HTTP/1.1", host)).readAnswer();
        head.send(RawClient.head("HEAD " + page + " HTTP/1.1", host, "Connection: close"));
        String raw = new String(head.readToEnd(), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(raw).as(page).startsWith("HTTP/1.1 " + got.status() + " ").endsWith("\r\n\r\n");
        assertThat(raw.indexOf("\r\n\r\n")).as(page).isEqualTo(raw.length() - 4);
        for (String name : List.of("Content-Type", "Cache-Control", "Content-Security-Policy")) {
          for (String value : got.header(name)) {
            assertThat(raw.toLowerCase(java.util.Locale.ROOT))
                .as(page)
                .contains(
                    name.toLowerCase(java.util.Locale.ROOT)
                        + ": "
                        + value.toLowerCase(java.util.Locale.ROOT));
          }
        }
      }
    }
  }
}
