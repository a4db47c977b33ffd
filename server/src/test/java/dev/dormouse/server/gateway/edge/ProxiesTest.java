package dev.dormouse.server.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.BehindProxies;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Refusal;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks what the headers of requests tell about the client. */
class ProxiesTest extends BehindProxies {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.1.1.1",
        "Forwarded: for=1.1.1.1, for=203.0.113.9, for=10.1.1.1",
      })
  @DisplayName("the actor hears the address that a listed proxy tells, and what it wrote")
  void theActorHearsTheAddressThatAListedProxyTellsAndWhatItWrote(String header) throws Exception {
    use(LOOPBACK, ProxyProtocol.OFF);
    try (RawClient client = server.client()) {
      RequestHead head = opened(client.send(RawClient.upgrade("/chat/lobby", header)));
      assertThat(head.remoteAddress()).isEqualTo("203.0.113.9");
      assertThat(head.header(header.split(":", 2)[0])).isPresent();
    }
  }

  @Test
  @DisplayName("the headers of a client that is no listed proxy are ignored")
  void whatOthersWriteAboutThemselvesNobodyHears() throws Exception {
    use(ELSEWHERE, ProxyProtocol.OFF);
    String[] headers = {
      "X-Forwarded-For: 10.0.0.1",
      "x-forwarded-for: 203.0.113.9",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil.test",
      "X-FORWARDED-ANYTHING: x",
      "Forwarded: for=\"malformed",
      "X-Kept: yes",
    };
    try (RawClient client = server.client()) {
      client.send(RawClient.head("GET /see HTTP/1.1", List.of("Host: a.test"), headers));
      assertThat(client.readAnswer().body())
          .startsWith("127.0.0.1 http://a.test/see ")
          .contains("X-Kept")
          .doesNotContainIgnoringCase("forwarded");
      RequestHead head = opened(client.send(RawClient.upgrade("/chat/lobby", headers)));
      assertThat(head.remoteAddress()).isEqualTo("127.0.0.1");
      assertThat(head.headers())
          .extracting(header -> header.name().toLowerCase(java.util.Locale.ROOT))
          .contains("x-kept")
          .noneMatch(name -> name.contains("forwarded"));
    }
  }

  @Test
  @DisplayName("routes see address, scheme and host as the client does")
  void routesSeeAddressSchemeAndHostAsTheClientDoes() {
    use(LOOPBACK, ProxyProtocol.OFF);
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head(
              "GET /see HTTP/1.1",
              List.of("Host: inner.test:8080"),
              "Forwarded: for=\"[2001:db8::7]:99\";proto=https;host=a.test"));
      assertThat(client.readAnswer().body())
          .startsWith("2001:db8:0:0:0:0:0:7 https://a.test/see [");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Forwarded: for=2.2.2.2\r\nX-Forwarded-For: unknown",
        "Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 2.2.2.2",
      })
  @DisplayName("a proxy that contradicts itself about the client is answered 400, before any route")
  void whoContradictsHimselfAboutTheClientIsAnswered400BeforeAnyRoute(String header)
      throws Exception {
    use(LOOPBACK, ProxyProtocol.OFF);
    try (RawClient client = server.client()) {
      for (String path : List.of("/chat/lobby", "/see")) {
        Answer answer = client.send(RawClient.upgrade(path, header)).readAnswer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).isNotEmpty();
      }
      server.host.heardNothing();
      opened(client.send(RawClient.upgrade("/chat/lobby")));
    }
    assertThat(server.gateway.counts().refused(Refusal.HANDSHAKE)).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "Forwarded: for=[::ffff:203.0.113.7];host=h;proto=https, 203.0.113.7",
    "Forwarded: for=203.0.113.7;host=h:8443;proto=https, 203.0.113.7",
    "Forwarded: for=203.0.113.7;proto=https;proto-version=, 203.0.113.7",
    "'Forwarded: for=\"1.1.1.1, for=203.0.113.7', 203.0.113.7",
    "'Forwarded: for=\"203.0.113.7', 127.0.0.1",
    "Forwarded: ;;;, 127.0.0.1",
    "X-Forwarded-For: [::ffff:203.0.113.7]:99, 203.0.113.7",
    "'X-Forwarded-For: nonsense, 203.0.113.7', 203.0.113.7",
    "X-Forwarded-For: nonsense, 127.0.0.1",
    "X-Forwarded-Proto: gopher, 127.0.0.1",
    "X-Forwarded-Host: a b, 127.0.0.1",
  })
  @DisplayName("F08: a listed proxy's dialect costs its statement, and not its service")
  void aListedProxysDialectCostsItsStatementAndNotItsService(String header, String client)
      throws Exception {
    use(LOOPBACK, ProxyProtocol.OFF);
    try (RawClient proxy = server.client()) {
      RequestHead head = opened(proxy.send(RawClient.upgrade("/chat/lobby", header)));
      assertThat(head.remoteAddress()).isEqualTo(client);
    }
  }

  @ParameterizedTest(name = "{0} said {1}, {2}: {3}")
  @CsvSource({
    "https://a.test, https, a.test, 101",
    "https://a.test, https, a.test:443, 101",
    "https://a.test:8443, https, a.test:8443, 101",
    "http://a.test, http, a.test, 101",
    "http://a.test, https, a.test, 403",
    "https://a.test:8443, https, a.test, 403",
    "https://dormouse.test, https, a.test, 403",
    "https://a.test.evil.com, https, a.test, 403",
  })
  @DisplayName("the server's own pages are those of the scheme and host that a listed proxy tells")
  void theServersOwnPagesAreThoseOfTheSchemeAndHostThatAListedProxyTells(
      String origin, String proto, String told, int status) throws Exception {
    use(LOOPBACK, ProxyProtocol.OFF);
    try (RawClient client = server.client()) {
      client.send(
          RawClient.upgrade(
              "/chat/lobby",
              "X-Forwarded-Proto: " + proto,
              "X-Forwarded-Host: " + told,
              "Origin: " + origin));
      assertThat(client.readAnswer().status()).isEqualTo(status);
    }
    if (status == 403) {
      server.host.heardNothing();
    }
  }

  @Test
  @DisplayName("a host that is not listed cannot widen its origin")
  void originOfOthers() {
    use(ELSEWHERE, ProxyProtocol.OFF);
    try (RawClient client = server.client()) {
      client.send(
          RawClient.upgrade(
              "/chat/lobby", "X-Forwarded-Host: evil.test", "Origin: http://evil.test"));
      assertThat(client.readAnswer().status()).isEqualTo(403);
    }
  }

  @Test
  @DisplayName("limits of an address are those of the client, not of the proxy")
  void limitsOfAnAddressAreThoseOfTheClientNotOfTheProxy() {
    use(
        GatewayOptions.defaults()
            .trustedProxies(LOOPBACK)
            .limits(ConnectionLimits.none().connectionsMax(100).perAddressMax(1)));
    try (RawClient first = server.client();
        RawClient second = server.client();
        RawClient third = server.client()) {
      first.open("/chat/lobby", "X-Forwarded-For: 203.0.113.9");
      Answer refused =
          second
              .send(RawClient.upgrade("/chat/lobby", "X-Forwarded-For: 8.8.8.8, 203.0.113.9"))
              .readAnswer();
      assertThat(refused.status()).isEqualTo(429);
      third.open("/chat/lobby", "X-Forwarded-For: 203.0.113.10");
      assertThat(server.gateway.counts().refused(Refusal.ADDRESS_FULL)).isEqualTo(1);
    }
  }
}
