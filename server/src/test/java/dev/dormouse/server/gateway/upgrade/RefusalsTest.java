package dev.dormouse.server.gateway.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks upgrades that are answered before the actor hears of them. */
class RefusalsTest {
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

  @ParameterizedTest(name = "{0} becomes {1}")
  @CsvSource({
    "Host: dormouse.test, Host: a b, 400",
    "Host: dormouse.test, X: no host, 400",
    "'Connection: keep-alive, Upgrade', Connection: keep-alive, 400",
    "'Connection: keep-alive, Upgrade', Connection: close, 400",
    "'Connection: keep-alive, Upgrade', Connection: Upgraded, 400",
    "Sec-WebSocket-Version: 13, Sec-WebSocket-Version: 8, 426",
    "Sec-WebSocket-Version: 13, X: no version, 426",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, Sec-WebSocket-Key: short, 400",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, X: no key, 400",
    "Upgrade: websocket, Upgrade: h2c, 426",
    "Upgrade: websocket, X: no upgrade, 426",
    "Host: dormouse.test, 'Host: dormouse.test\r\nContent-Length: 3', 400",
    "Host: dormouse.test, 'Host: dormouse.test\r\nHost: dormouse.test', 400",
    "Host: dormouse.test, 'Host: dormouse.test, dormouse.test', 400",
    "Host: dormouse.test, Host: dormouse.test@evil.test, 400",
    "Host: dormouse.test, 'Host:', 400",
    "Sec-WebSocket-Version: 13, 'Sec-WebSocket-Version: 13, 8', 426",
    "Sec-WebSocket-Version: 13, 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13', 426",
    "Sec-WebSocket-Version: 13, Sec-WebSocket-Version: 013, 426",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j, 400",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSEh, 400",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 400",
  })
  @DisplayName("S1 S13 a handshake with one wrong header is refused before the actor hears of it")
  void refusesBadHandshakes(String good, String bad, int status) throws Exception {
    List<String> headers = new ArrayList<>(RawClient.goodHeaders());
    assertThat(headers.remove(good)).isTrue();
    headers.add(bad);
    try (RawClient client = server.client()) {
      Answer answer =
          client
              .send(RawClient.head("GET /chat/lobby HTTP/1.1", headers))
              .send(bad.contains("Content-Length") ? "abc" : "")
              .readAnswer();
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.body()).isNotEmpty();
      if (status == 426) {
        assertThat(answer.header("Upgrade")).containsExactly("websocket");
        assertThat(answer.header("Connection")).containsExactly("Upgrade");
        assertThat(answer.header("Sec-WebSocket-Version")).containsExactly("13");
      }
      host.heardNothing();
    }
  }

  @ParameterizedTest(name = "{0} {1}: {2}")
  @CsvSource({
    "POST, HTTP/1.1, 405",
    "PUT, HTTP/1.1, 405",
    "HEAD, HTTP/1.1, 405",
    "OPTIONS, HTTP/1.1, 405",
    "get, HTTP/1.1, 405",
    "WEBSOCKET, HTTP/1.1, 405",
    "GET, HTTP/1.0, 400",
  })
  @DisplayName("an upgrade that is no GET is answered 405, one that is not HTTP/1.1 with 400")
  void refusesBadRequestLines(String method, String version, int status) throws Exception {
    try (RawClient client = server.client()) {
      Answer answer =
          client
              .send(RawClient.head(method + " /chat/lobby " + version, RawClient.goodHeaders()))
              .readAnswer();
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.header("Allow")).isEqualTo(status == 405 ? List.of("GET") : List.of());
      host.heardNothing();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/11", "http/1.1", ""})
  @DisplayName("other versions of HTTP are not served, and their connection is closed")
  void refusesOtherVersions(String version) throws Exception {
    try (RawClient client = server.client()) {
      Answer answer =
          client
              .send(RawClient.head("GET /chat/lobby " + version, RawClient.goodHeaders()))
              .readAnswer();
      assertThat(answer.status()).isIn(400, 501, 505);
      client.awaitEnd();
      host.heardNothing();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"h2c", "dummy"})
  @DisplayName("C13 an unknown upgrade is answered 426, or served as plain HTTP; never a hang")
  void anUnknownUpgradeIsAnswered426OrServedAsPlainHTTP(String protocol) throws Exception {
    List<String> headers =
        List.of("Host: dormouse.test", "Connection: Upgrade", "Upgrade: " + protocol);
    try (RawClient client = server.client()) {
      assertThat(
              client
                  .send(RawClient.head("GET /chat/lobby HTTP/1.1", headers))
                  .readAnswer()
                  .status())
          .isEqualTo(426);
      client.send(RawClient.head("GET /small/lobby HTTP/1.1", headers));
      host.next(ToHost.Request.class);
    }
  }

  @Test
  @DisplayName("C17 a plain GET on a socket route is answered 426 with Upgrade and Connection")
  void aPlainGETOnASocketRouteIsAnswered426WithUpgradeAndConnection() {
    try (RawClient client = server.client()) {
      Answer answer = client.send("GET /chat/lobby HTTP/1.1\r\nHost: x\r\n\r\n").readAnswer();
      assertThat(answer.status()).isEqualTo(426);
      assertThat(answer.header("Upgrade")).containsExactly("websocket");
      assertThat(answer.header("Connection")).containsExactly("Upgrade");
      assertThat(answer.header("Sec-WebSocket-Version")).containsExactly("13");
      assertThat(answer.body()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection: close, Upgrade",
        "Connection: Upgrade, close",
        "Connection: CLOSE,UPGRADE",
        "Connection: close\r\nConnection: Upgrade",
        "Connection: Upgrade\r\nConnection: close",
        "Connection: upgrade, , keep-alive , close, upgrade",
        "Connection: keep-alive, Upgrade, HTTP2-Settings, Sec-WebSocket-Key",
      })
  @DisplayName("F03: whatever else Connection says, an upgrade that it names is one")
  void whateverElseConnectionSaysAnUpgradeThatItNamesIsOne(String connection) throws Exception {
    host.echo();
    List<String> headers = new ArrayList<>(RawClient.goodHeaders());
    headers.removeIf(good -> good.startsWith("Connection:"));
    headers.add(connection);
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.head("GET /chat/lobby HTTP/1.1", headers)).readAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("Connection")).containsExactly("Upgrade");
      assertThat(client.text("hello").readText()).isEqualTo("hello");
      assertThat(client.text("again").readText()).isEqualTo("again");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1, X: x, Upgrade",
    "HTTP/1.1, Connection: keep-alive, Upgrade",
    "HTTP/1.1, Connection: close, 'close, Upgrade'",
    "HTTP/1.1, 'Connection: foo, Close', 'close, Upgrade'",
    "HTTP/1.1, 'Connection: foo,close\r\nConnection: bar', 'close, Upgrade'",
    "HTTP/1.0, X: x, 'close, Upgrade'",
    "HTTP/1.0, Connection: keep-alive, 'keep-alive, Upgrade'",
  })
  @DisplayName("F45: Connection names Upgrade wherever that is sent, besides what else it says")
  void connectionOfAnswers(String version, String header, String connection) {
    try (RawClient client = server.client()) {
      Answer answer =
          client
              .send(RawClient.head("GET /chat/x " + version, List.of("Host: x"), header))
              .readAnswer();
      assertThat(answer.status()).isEqualTo(426);
      assertThat(answer.header("Upgrade")).containsExactly("websocket");
      assertThat(answer.header("Sec-WebSocket-Version")).containsExactly("13");
      if (connection.startsWith("close")) {
        assertThat(String.join(", ", answer.header("Connection")))
            .isIn(connection, "Upgrade"); // HTTP/1.0 closes without being told
        client.awaitEnd();
      } else {
        assertThat(String.join(", ", answer.header("Connection"))).isEqualTo(connection);
      }
    }
  }

  @Test
  @DisplayName("O5: an actor's answer keeps Upgrade, replaces what has one value, adds to lists")
  void headersOfActors() {
    server.close();
    use(
        GATEWAY.open(
            GatewayOptions.defaults(),
            router ->
                router
                    .route()
                    .handler(
                        request -> {
                          request
                              .response()
                              .putHeader("Retry-After", "1")
                              .putHeader("ETag", "\"all\"")
                              .putHeader("Vary", "Origin")
                              .putHeader("Set-Cookie", "a=1");
                          request.next();
                        })));
    HttpResponse answer =
        HttpResponse.text(426, "speak the other protocol")
            .with("Upgrade", "other/2, websocket")
            .with("Retry-After", "5")
            .with("Vary", "Cookie")
            .with("Set-Cookie", "b=2")
            .with("Connection", "close, X-Mine")
            .with("Keep-Alive", "timeout=5")
            .with("Proxy-Connection", "close")
            .with("TE", "trailers")
            .with("Trailer", "X-Mine")
            .with("Transfer-Encoding", "chunked")
            .with("Content-Length", "3");
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(new ToGateway.Rejected(open.connection(), answer))
                : List.of(new ToGateway.Responded(((ToHost.Request) event).request(), answer)));
    try (RawClient client = server.client()) {
      for (String request :
          List.of(RawClient.upgrade("/small/lobby"), "GET /small/x HTTP/1.1\r\nHost: x\r\n\r\n")) {
        Answer read = client.send(request).readAnswer();
        assertThat(read.status()).isEqualTo(426);
        assertThat(read.header("Upgrade")).containsExactly("other/2, websocket");
        assertThat(read.header("Connection")).containsExactly("Upgrade");
        assertThat(read.header("Retry-After")).containsExactly("5");
        assertThat(read.header("ETag")).containsExactly("\"all\"");
        assertThat(read.header("Vary")).containsExactly("Origin", "Cookie");
        assertThat(read.header("Set-Cookie")).containsExactly("a=1", "b=2");
        for (String ours :
            List.of("Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding")) {
          assertThat(read.header(ours)).as(ours).isEmpty();
        }
        assertThat(read.body()).isEqualTo("speak the other protocol");
      }
    }
  }

  @Test
  @DisplayName("C8 an upgrade without a route is answered 404 with a body")
  void anUpgradeWithoutARouteIsAnswered404WithABody() {
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/nowhere")).readAnswer();
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.body()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"%zz", "%f", "%ff", "%c3%28", "%ed%a0%80", "%c0%af", "a%00b", "%2e%2e", "%0a"})
  @DisplayName("a key that is malformed, not UTF-8 or not allowed is answered 400")
  void aKeyThatIsMalformedNotUTF8OrNotAllowedIsAnswered400(String key) throws Exception {
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/" + key)).readAnswer();
      assertThat(answer.status()).isIn(400, 404);
      host.heardNothing();
    }
  }

  @Test
  @DisplayName("a key over its limit is answered 400 with the reason")
  void aKeyOverItsLimitIsAnswered400WithTheReason() {
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/" + "k".repeat(513))).readAnswer();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.header("Content-Type").get(0)).startsWith("text/plain");
      assertThat(answer.body()).contains("513").contains("512");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://dormouse.test, 101",
    "https://dormouse.test, 101",
    "HTTPS://Dormouse.Test:443, 101",
    "http://dormouse.test:8080, 403",
    "http://dormouse.test., 403",
    "https://evil.test, 403",
    "https://dormouse.test.evil.test, 403",
    "https://evil-dormouse.test, 403",
    "https://dormouse.test@evil.test, 403",
    "'http://dormouse.test\r\nOrigin: http://evil.test', 403",
    "'http://evil.test\r\nOrigin: http://dormouse.test', 403",
    "'', 403",
    "null, 403",
    "*, 403",
  })
  @DisplayName("pages of other origins are refused with 403, before the actor hears of them")
  void pagesOfOtherOriginsAreRefusedWith403BeforeTheActorHearsOfThem(String origin, int status)
      throws Exception {
    host.acceptAll();
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby", "Origin: " + origin));
      assertThat(client.readAnswer().status()).isEqualTo(status);
      if (status == 403) {
        host.heardNothing();
      }
    }
  }

  @Test
  @DisplayName("pages of listed origins may connect, and no others")
  void pagesOfListedOriginsMayConnectAndNoOthers() {
    server.close();
    use(GATEWAY.open(GatewayOptions.defaults().allowedOrigins(Set.of("https://other.test"))));
    host.acceptAll();
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby", "Origin: https://other.test.evil.test"));
      assertThat(client.readAnswer().status()).isEqualTo(403);
      client.open("/chat/lobby", "Origin: https://other.test");
    }
  }
}
