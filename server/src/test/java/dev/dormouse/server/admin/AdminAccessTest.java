package dev.dormouse.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.server.admin.RawHttp.Answer;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks which clients the admin port answers, over real sockets. */
@ExtendWith(VertxExtension.class)
class AdminAccessTest {
  private static final String TOKEN = "a-token-of-some-length_+/=";
  private static final String BEARER = "Authorization: Bearer " + TOKEN;
  private static final String HOST = "Host: 127.0.0.1:9090";
  private static final List<String> PATHS =
      List.of("/", "/counts", "/actors/room/lobby", "/actors/room/lobby/connections", "/nothing");

  private final AtomicLong wallMs = new AtomicLong(1_700_000_000_000L);
  private final Time time =
      new Time() {
        @Override
        public long nowNs() {
          return TimeUnit.MILLISECONDS.toNanos(wallMs.get());
        }

        @Override
        public long wallMs() {
          return wallMs.get();
        }
      };

  @TempDir private Path folder;

  private Path tokenFile(String content) throws IOException {
    return Files.writeString(folder.resolve("token"), content);
  }

  private RawHttp listen(Vertx vertx, String address, @Nullable Path token) throws Exception {
    ActorHost host =
        new ActorHost(
            List.of(),
            Stores.memory(new MemoryDisk()),
            new DirectTransport(),
            time,
            HostOptions.defaults());
    AdminServer admin =
        new AdminServer(vertx, host, Optional::empty, AdminOptions.of(address, token), time);
    admin.listen(0).toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    return new RawHttp(
        InetAddress.getByName(address.replace("0.0.0.0", "127.0.0.1")), admin.port());
  }

  private RawHttp listen(Vertx vertx) throws Exception {
    return listen(vertx, "127.0.0.1", null);
  }

  private RawHttp listenWithToken(Vertx vertx) throws Exception {
    return listen(vertx, "0.0.0.0", tokenFile(TOKEN + "\n"));
  }

  // The next tests run without a token.

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 200",
    "127.0.0.1:9090, 200",
    "127.3.2.1:80, 200",
    "localhost:1, 200",
    "LocalHost, 200",
    "[::1]:9090, 200",
    "[::1], 200",
    "[0:0:0:0:0:0:0:1]:80, 200",
    "evil.example, 403",
    "evil.example:9090, 403",
    "127.0.0.1.evil.example, 403",
    "localhost.evil.example, 403",
    "evil.example.localhost:80, 403",
    "10.0.0.1, 403",
    "[::ffff:10.0.0.1], 400",
    "[fe80::1], 403",
    "0.0.0.0, 403",
    "localhost@evil.example, 400",
  })
  @DisplayName("Only a Host that is a loopback name is answered, whatever its port")
  void onlyLoopbackNamesAreAnswered(String host, int status, Vertx vertx) throws Exception {
    assertThat(listen(vertx).ask("GET /healthz", List.of("Host: " + host)).status())
        .isEqualTo(status);
  }

  @Test
  @DisplayName("A request without a Host, or with two, is not answered with a page")
  void aHostIsOne(Vertx vertx) throws Exception {
    RawHttp admin = listen(vertx);

    assertThat(admin.ask("GET /healthz", List.of()).status()).isBetween(400, 403);
    assertThat(admin.ask("GET /healthz", List.of(HOST, "Host: evil.example")).status())
        .isBetween(400, 403);
    assertThat(admin.ask("GET /healthz", List.of("Host: evil.example", HOST)).status())
        .isBetween(400, 403);
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:9090, 200",
    "HTTP://127.0.0.1:9090, 200",
    "https://127.0.0.1:9090, 200",
    "http://127.0.0.1:8080, 403",
    "http://127.0.0.1, 403",
    "http://localhost:9090, 403",
    "https://evil.example, 403",
    "http://127.0.0.1:9090.evil.example, 403",
    "http://evil.example/127.0.0.1:9090, 403",
    "null, 403",
    "127.0.0.1:9090, 403",
    "'', 403",
  })
  @DisplayName("A page of another host, port or scheme is refused, whatever it asks for")
  void onlyOwnPagesAreAnswered(String origin, int status, Vertx vertx) throws Exception {
    RawHttp admin = listen(vertx);
    List<String> headers = List.of(HOST, "Origin: " + origin);

    assertThat(admin.ask("GET /healthz", headers).status()).isEqualTo(status);
    assertThat(admin.ask("POST /healthz", headers).status()).isEqualTo(status == 200 ? 405 : 403);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, devtools://devtools, websocket, 200",
    "GET, devtools://devtools, '', 403",
    "POST, devtools://devtools, websocket, 403",
    "GET, devtools://devtools.evil.example, websocket, 403",
    "GET, devtools://evil, websocket, 403",
    "GET, https://devtools, websocket, 403",
  })
  @DisplayName("Chromium's DevTools may upgrade, and no more")
  void devToolsMayUpgrade(String method, String origin, String upgrade, int status, Vertx vertx)
      throws Exception {
    List<String> headers = new ArrayList<>(List.of(HOST, "Origin: " + origin));
    if (!upgrade.isEmpty()) {
      headers.add("Upgrade: " + upgrade);
    }

    assertThat(listen(vertx).ask(method + " /healthz", headers).status()).isEqualTo(status);
    assertThat(listenWithToken(vertx).ask(method + " /counts", headers).status())
        .as("no token")
        .isIn(401, 403);
  }

  @Test
  @DisplayName("Two origins are none")
  void anOriginIsOne(Vertx vertx) throws Exception {
    Answer answer =
        listen(vertx)
            .ask(
                "GET /healthz",
                List.of(HOST, "Origin: http://127.0.0.1:9090", "Origin: https://evil.example"));

    assertThat(answer.status()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
  @DisplayName("Every page and every method is behind the door, and so are upgrades")
  void everythingIsBehindTheDoor(String method, Vertx vertx) throws Exception {
    RawHttp admin = listen(vertx);
    List<String> paths = new ArrayList<>(PATHS);
    paths.addAll(
        List.of("/login", "/healthz", "/readyz", "/backup?to=/x", "/../healthz", "/%zz", "*"));
    for (String path : paths) {
      String line = method + " " + path;
      assertThat(admin.ask(line, List.of("Host: evil.example")).status()).as(line).isIn(400, 403);
      assertThat(admin.ask(line, List.of(HOST, "Origin: http://evil.example")).status())
          .as(line)
          .isIn(400, 403);
      assertThat(
              admin
                  .ask(
                      line,
                      List.of(
                          HOST,
                          "Origin: http://evil.example",
                          "Upgrade: websocket",
                          "Connection: Upgrade",
                          "Sec-WebSocket-Version: 13",
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
                  .status())
          .as(line)
          .isIn(400, 403);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "none, no-cors, image, 200",
    "same-origin, cors, empty, 200",
    "cross-site, no-cors, script, 403",
    "same-site, no-cors, image, 403",
    "cross-site, navigate, iframe, 403",
    "cross-site, navigate, document, 200",
  })
  @DisplayName("A page of another site can link here, and no more")
  void otherSitesMayLink(String site, String mode, String destination, int status, Vertx vertx)
      throws Exception {
    Answer answer =
        listen(vertx)
            .ask(
                "GET /healthz",
                List.of(
                    HOST,
                    "Sec-Fetch-Site: " + site,
                    "Sec-Fetch-Mode: " + mode,
                    "Sec-Fetch-Dest: " + destination));

    assertThat(answer.status()).isEqualTo(status);
  }

  @Test
  @DisplayName("The rules on ::1 are those on 127.0.0.1")
  void ipv6IsTheSame(Vertx vertx) throws Exception {
    RawHttp admin = listen(vertx, "::1", null);

    assertThat(admin.ask("GET /healthz", List.of("Host: [::1]:" + admin.port())).status())
        .isEqualTo(200);
    assertThat(
            admin
                .ask("POST /healthz", List.of("Host: [::1]:9090", "Origin: http://[::1]:9090"))
                .status())
        .isEqualTo(405);
    assertThat(
            admin.ask("GET /healthz", List.of("Host: [::1]:9090", "Origin: http://[::1]")).status())
        .isEqualTo(403);
    assertThat(admin.ask("GET /healthz", List.of("Host: evil.example")).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("Every answer forbids frames, guessed types and scripts from elsewhere")
  void answersAreGuarded(Vertx vertx) throws Exception {
    for (String host : List.of("127.0.0.1", "evil.example")) {
      Answer answer = listen(vertx).ask("GET /counts", List.of("Host: " + host));

      assertThat(answer.header("Content-Security-Policy"))
          .startsWith("default-src 'self';")
          .contains("frame-ancestors 'none'");
      assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
      assertThat(answer.header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
      assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
    }
  }

  // The next tests run with a token.

  @ParameterizedTest
  @CsvSource({"0.0.0.0", "::", "192.0.2.1"})
  @DisplayName("An address that others can reach needs a token")
  void reachableAddressesNeedATokenAtTheStart(String address) {
    assertThatThrownBy(() -> AdminOptions.of(address, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "--admin-host "
                + address
                + " can be reached from other machines: that needs --admin-token-file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "no such host"})
  @DisplayName("An address that does not exist is refused by name")
  void whatIsNoAddressIsSaid(String address) {
    assertThatThrownBy(() -> AdminOptions.of(address, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--admin-host: there is no address '" + address + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "'', has 0 characters; it must have 16 to 1024",
    "fifteen-letters, has 15 characters; it must have 16 to 1024",
    "sixteen letters., 'has other characters than A-Z, a-z, 0-9 and -._~+/='",
    "sixteen-lettérs., 'has other characters than A-Z, a-z, 0-9 and -._~+/='",
  })
  @DisplayName("A malformed token is refused, and the message does not repeat it")
  void whatIsNoTokenIsSaid(String content, String words) throws Exception {
    Path file = tokenFile(content);

    assertThatThrownBy(() -> AdminOptions.of("127.0.0.1", file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--admin-token-file: the token in " + file + " " + words);
    assertThatThrownBy(() -> AdminOptions.of("127.0.0.1", folder.resolve("none")))
        .hasMessage("--admin-token-file: there is no file " + folder.resolve("none"));
  }

  @Test
  @DisplayName("With a token, everything but the health checks wants it")
  void everythingWantsTheToken(Vertx vertx) throws Exception {
    RawHttp admin = listenWithToken(vertx);
    for (String path : PATHS) {
      Answer refused = admin.ask("GET " + path, List.of("Host: node.example:9090"));
      assertThat(refused.status()).as(path).isEqualTo(401);
      assertThat(refused.header("WWW-Authenticate")).startsWith("Bearer ");
      assertThat(admin.ask("GET " + path, List.of("Host: node.example:9090", BEARER)).status())
          .as(path)
          .isIn(200, 404);
      assertThat(admin.ask("POST " + path, List.of("Host: node.example:9090")).status())
          .as(path)
          .isEqualTo(401);
    }
    for (String path : List.of("/healthz", "/readyz")) {
      assertThat(admin.ask("GET " + path, List.of("Host: 10.1.2.3:9090")).status()).isEqualTo(200);
    }
    for (String path :
        List.of("/healthz/", "//healthz", "/x/../healthz", "/healthz%2f", "/%68ealthz")) {
      assertThat(admin.ask("GET " + path, List.of(HOST)).status()).as(path).isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Authorization: Bearer a-token-of-some-length_+/",
        "Authorization: Bearer a-token-of-some-length_+/==",
        "Authorization: Bearer A-TOKEN-OF-SOME-LENGTH_+/=",
        "Authorization: Bearer ",
        "Authorization: Basic " + TOKEN,
        "Authorization: " + TOKEN,
        "Cookie: dormouse-admin=" + TOKEN,
        "Cookie: dormouse-admin=",
        "Cookie: dormouse-admin=9999999999999.",
        "Cookie: dormouse-admin=9999999999999.AAAA",
        "X-Token: " + TOKEN,
      })
  @DisplayName("A text that is almost the token is refused")
  void whatIsAlmostTheTokenIsNot(String header, Vertx vertx) throws Exception {
    assertThat(listenWithToken(vertx).ask("GET /counts", List.of(HOST, header)).status())
        .isEqualTo(401);
  }

  @Test
  @DisplayName("A token counts on loopback too; the scheme's case does not")
  void aTokenCountsOnLoopbackToo(Vertx vertx) throws Exception {
    RawHttp admin = listen(vertx, "127.0.0.1", tokenFile(TOKEN));

    assertThat(admin.ask("GET /counts", List.of(HOST)).status()).isEqualTo(401);
    assertThat(admin.ask("GET /counts", List.of(HOST, BEARER)).status()).isEqualTo(200);
    assertThat(admin.ask("GET /counts", List.of(HOST, BEARER.replace("Bearer", "bEARER"))).status())
        .isEqualTo(200);
    assertThat(admin.ask("GET /counts", List.of(HOST, BEARER, BEARER)).status()).isEqualTo(401);
  }

  @Test
  @DisplayName("With a token, what changes something comes from own pages or none")
  void changesComeFromOwnPages(Vertx vertx) throws Exception {
    RawHttp admin = listenWithToken(vertx);
    String host = "Host: node.example:9090";
    String change = "POST /actors/room/lobby/hibernate";
    String foreign = "Origin: http://evil.example";
    String own = "Origin: https://node.example:9090";

    assertThat(admin.ask(change, List.of(host, BEARER)).status()).isEqualTo(404);
    assertThat(admin.ask(change, List.of(host, BEARER, own)).status()).isEqualTo(404);
    assertThat(admin.ask(change, List.of(host, BEARER, foreign)).status()).isEqualTo(403);
    assertThat(
            admin.ask("GET /counts", List.of(host, BEARER, foreign, "Upgrade: websocket")).status())
        .isEqualTo(403);
    assertThat(admin.ask("GET /counts", List.of(host, BEARER, foreign)).status()).isEqualTo(200);
    assertThat(admin.ask("POST /login", List.of(host, foreign), "token=" + TOKEN).status())
        .isEqualTo(403);
  }

  @Test
  @DisplayName("A browser without a login is led to the form")
  void browsersAreLedToTheForm(Vertx vertx) throws Exception {
    RawHttp admin = listenWithToken(vertx);
    Answer led = admin.ask("GET /", List.of(HOST, "Accept: text/html,*/*"));
    Answer form = admin.ask("GET /login", List.of(HOST));

    assertThat(led.status()).isEqualTo(303);
    assertThat(led.header("Location")).isEqualTo("/login");
    assertThat(form.status()).isEqualTo(200);
    assertThat(form.body()).contains("<form method=\"post\" action=\"/login\">");
    assertThat(admin.ask("GET /login.css", List.of(HOST)).status()).isEqualTo(200);
    assertThat(admin.ask("GET /palette.css", List.of(HOST)).status()).isEqualTo(200);
  }

  @Test
  @DisplayName("A login sets a cookie that no script and no other site can use, for twelve hours")
  void aLoginLastsTwelveHours(Vertx vertx) throws Exception {
    RawHttp admin = listenWithToken(vertx);
    Answer wrong = admin.ask("POST /login", List.of(HOST), "token=not-the-token-at-all");
    Answer login = admin.ask("POST /login", List.of(HOST), "token=" + TOKEN.replace("+", "%2B"));
    String cookie = login.header("Set-Cookie");
    String sent = "Cookie: " + cookie.substring(0, cookie.indexOf(';'));

    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.header("Set-Cookie")).isEmpty();
    assertThat(login.status()).isEqualTo(303);
    assertThat(login.header("Location")).isEqualTo("/");
    assertThat(cookie)
        .contains("HTTPOnly", "SameSite=Strict", "Path=/")
        .doesNotContain(TOKEN, "Secure");
    assertThat(admin.ask("GET /counts", List.of(HOST, sent)).status()).isEqualTo(200);
    assertThat(admin.ask("POST /x", List.of(HOST, sent, "Origin: http://evil.example")).status())
        .isEqualTo(403);
    wallMs.addAndGet(TimeUnit.HOURS.toMillis(12) - 1);
    assertThat(admin.ask("GET /counts", List.of(HOST, sent)).status()).isEqualTo(200);
    wallMs.addAndGet(1);
    assertThat(admin.ask("GET /counts", List.of(HOST, sent)).status()).isEqualTo(401);
  }

  @Test
  @DisplayName("A pass cannot be made longer, and is nothing to another token")
  void aPassCannotBeChanged() throws Exception {
    AdminToken token = AdminToken.in(tokenFile(TOKEN));
    AdminToken other = AdminToken.in(tokenFile("another-token-than-that"));
    String pass = token.pass(1_000);

    assertThat(token.admits(pass, 999)).isTrue();
    assertThat(token.admits(pass.replaceFirst("1000", "9000"), 999)).isFalse();
    assertThat(token.admits(pass.replaceFirst("1000", "01000"), 999)).isFalse();
    assertThat(other.admits(pass, 999)).isFalse();
  }

  @Test
  @DisplayName("Over https the cookie is for https only; a logout takes it away")
  void cookiesOfHttpsStayThere(Vertx vertx) throws Exception {
    RawHttp admin = listenWithToken(vertx);
    List<String> headers = List.of("Host: node.example", "Origin: https://node.example");

    assertThat(
            admin
                .ask("POST /login", headers, "token=" + TOKEN.replace("+", "%2B"))
                .header("Set-Cookie"))
        .contains("Secure");
    assertThat(admin.ask("POST /logout", List.of(HOST, BEARER)).header("Set-Cookie"))
        .contains("dormouse-admin=;", "Max-Age=0");
  }

  @Test
  @DisplayName(
      "A16: after ten wrong tokens in a minute an address gets 429 for more, not for the right one")
  void guessesAreFew(Vertx vertx) throws Exception {
    RawHttp admin = listenWithToken(vertx);
    String login = "token=" + TOKEN.replace("+", "%2B");
    String cookie = admin.ask("POST /login", List.of(HOST), login).header("Set-Cookie");
    for (int i = 0; i < WrongTokens.OF_A_MINUTE_MAX; i++) {
      boolean isForm = i % 2 == 0;
      Answer wrong =
          isForm
              ? admin.ask("POST /login", List.of(HOST), "token=guess" + i)
              : admin.ask("GET /counts", List.of(HOST, BEARER + i));
      assertThat(wrong.status()).isEqualTo(401);
    }

    for (Answer refused :
        List.of(
            admin.ask("POST /login", List.of(HOST), "token=guess"),
            admin.ask("GET /counts", List.of(HOST, BEARER + "guess")))) {
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.header("Retry-After")).isEqualTo("60");
    }
    assertThat(admin.ask("GET /counts", List.of(HOST, BEARER)).status()).isEqualTo(200);
    assertThat(admin.ask("POST /login", List.of(HOST), login).status()).isEqualTo(303);
    assertThat(admin.ask("GET /counts", List.of(HOST, BEARER + "guess")).status()).isEqualTo(429);
    assertThat(admin.ask("GET /healthz", List.of(HOST, BEARER)).status()).isEqualTo(200);
    assertThat(admin.ask("GET /counts", List.of(HOST)).status()).isEqualTo(401);
    String sent = "Cookie: " + cookie.substring(0, cookie.indexOf(';'));
    assertThat(admin.ask("GET /counts", List.of(HOST, sent)).status()).isEqualTo(200);

    wallMs.addAndGet(WrongTokens.MINUTE.toMillis());
    assertThat(admin.ask("GET /counts", List.of(HOST, BEARER + "guess")).status()).isEqualTo(401);
  }

  @Test
  @DisplayName("A form that is too long is refused")
  void formsAreShort(Vertx vertx) throws Exception {
    assertThat(
            listenWithToken(vertx)
                .ask("POST /login", List.of(HOST), "token=" + "a".repeat(5_000))
                .status())
        .isEqualTo(413);
  }
}
