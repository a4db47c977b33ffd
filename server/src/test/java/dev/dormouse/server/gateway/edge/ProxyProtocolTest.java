package dev.dormouse.server.gateway.edge;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.Certificates;
import dev.dormouse.server.Certificates.Identity;
import dev.dormouse.server.gateway.BehindProxies;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.ToHost;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks what the PROXY protocol, version 1 and 2, tells about the client. */
class ProxyProtocolTest extends BehindProxies {
  private static final byte[] V2 = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
  private static final String V1 = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n";
  private static final int ROUND_TRIPS_MAX = 100_000;

  private long refusedHeaders() {
    return server.gateway.counts().edge().proxyHeadersRefused();
  }

  private static byte[] v2(int command, int family, String... parts) {
    byte[] body = HexFormat.of().parseHex(String.join("", parts));
    return ByteBuffer.allocate(16 + body.length)
        .put(V2)
        .put((byte) command)
        .put((byte) family)
        .putShort((short) body.length)
        .put(body)
        .array();
  }

  @ParameterizedTest
  @EnumSource(names = {"OPTIONAL", "REQUIRED"})
  @DisplayName("the client is whom a listed proxy's header names, in version 1 and 2")
  void theClientIsWhomAListedProxysHeaderNamesInVersion1And2(ProxyProtocol mode) throws Exception {
    use(LOOPBACK, mode);
    byte[][] headers = {
      V1.getBytes(US_ASCII),
      v2(0x21, 0x11, "cb007109", "c0000201", "1267", "01bb"),
      v2(0x21, 0x11, "cb007109", "c0000201", "1267", "01bb", "040003aabbcc"),
    };
    for (byte[] header : headers) {
      try (RawClient client = server.client()) {
        client.send(header, RawClient.upgrade("/chat/lobby").getBytes(US_ASCII));
        assertThat(opened(client).remoteAddress()).isEqualTo("203.0.113.9");
      }
      server.host.nextClosed();
    }
    byte[][] headersOfIpv6 = {
      "PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n".getBytes(US_ASCII),
      v2(
          0x21,
          0x21,
          "20010db8000000000000000000000007",
          "20010db8000000000000000000000001",
          "126701bb"),
    };
    for (byte[] header : headersOfIpv6) {
      try (RawClient client = server.client()) {
        client.send(header, RawClient.upgrade("/chat/lobby").getBytes(US_ASCII));
        assertThat(opened(client).remoteAddress()).isEqualTo("2001:db8::7");
      }
      server.host.nextClosed();
    }
    assertThat(refusedHeaders()).isZero();
  }

  @Test
  @DisplayName("a header may come byte by byte, and frames right behind the request")
  void aHeaderMayComeByteByByteAndFramesRightBehindTheRequest() throws Exception {
    use(LOOPBACK, ProxyProtocol.REQUIRED);
    try (RawClient client = server.client()) {
      for (byte b : v2(0x21, 0x11, "cb007109", "c0000201", "1267", "01bb")) {
        client.send(new byte[] {b});
      }
      client.send(
          RawClient.upgrade("/chat/lobby").getBytes(US_ASCII),
          RawClient.frame(RawClient.TEXT, "early"));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(client.readText()).isEqualTo("early");
      assertThat(server.host.next(ToHost.Open.class).head().remoteAddress())
          .isEqualTo("203.0.113.9");
    }
  }

  @Test
  @DisplayName("headers of requests are believed only if whom the PROXY header names is listed")
  void headersOfRequestsAreBelievedOnlyIfWhomThePROXYHeaderNamesIsListed() throws Exception {
    use(LOOPBACK, ProxyProtocol.REQUIRED);
    String upgrade = RawClient.upgrade("/chat/lobby", "X-Forwarded-For: 198.51.100.7");
    try (RawClient direct = server.client();
        RawClient throughAnother = server.client()) {
      assertThat(opened(direct.send(V1 + upgrade)).remoteAddress()).isEqualTo("203.0.113.9");
      throughAnother.send("PROXY TCP4 10.7.7.7 192.0.2.1 4711 443\r\n" + upgrade);
      assertThat(opened(throughAnother).remoteAddress()).isEqualTo("198.51.100.7");
    }
  }

  @Test
  @DisplayName("a header without an address leaves the proxy as the client, which is not believed")
  void aHeaderWithoutAnAddressLeavesTheProxyAsTheClientWhichIsNotBelieved() throws Exception {
    use(LOOPBACK, ProxyProtocol.REQUIRED);
    byte[][] headers = {
      v2(0x20, 0x00),
      v2(0x20, 0x11, "cb007109", "c0000201", "1267", "01bb"),
      v2(0x21, 0x00),
      v2(0x21, 0x31, "2f".repeat(108), "2f".repeat(108)),
      "PROXY UNKNOWN\r\n".getBytes(US_ASCII),
      "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".getBytes(US_ASCII),
    };
    String upgrade = RawClient.upgrade("/chat/lobby", "X-Forwarded-For: 198.51.100.7");
    for (byte[] header : headers) {
      try (RawClient client = server.client()) {
        client.send(header, upgrade.getBytes(US_ASCII));
        assertThat(opened(client).remoteAddress()).isEqualTo("127.0.0.1");
      }
      server.host.nextClosed();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 203.0.113.9 192.0.2.1 4711\r\n",
        "PROXY TCP4 203.0.113.999 192.0.2.1 4711 443\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 4711 99999\r\n",
        "PROXY UDP4 203.0.113.9 192.0.2.1 4711 443\r\n",
        "PROXY\r\nGET / HTTP/1.1\r\n",
        "PROXYTCP4 203.0.113.9 192.0.2.1 4711 443\r\n",
      })
  @DisplayName("a malformed header of version 1 ends the connection")
  void aMalformedHeaderOfVersion1EndsTheConnection(String header) throws Exception {
    use(LOOPBACK, ProxyProtocol.OPTIONAL);
    isCutOff(header.getBytes(US_ASCII));
  }

  @Test
  @DisplayName("a header of version 1 that is too long ends the connection")
  void aHeaderOfVersion1ThatIsTooLongEndsTheConnection() throws Exception {
    use(LOOPBACK, ProxyProtocol.OPTIONAL);
    isCutOff(("PROXY UNKNOWN " + "x".repeat(200)).getBytes(US_ASCII));
  }

  private void isCutOff(byte[] header) throws Exception {
    try (RawClient client = server.client()) {
      client.send(header, RawClient.upgrade("/chat/lobby").getBytes(US_ASCII));
      client.awaitEnd();
      server.host.heardNothing();
    }
    try (RawClient other = server.client()) {
      for (int i = 0; refusedHeaders() == 0; i++) {
        // Each of these round trips goes through an event loop.
        assertThat(i).isLessThan(ROUND_TRIPS_MAX);
        assertThat(other.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      }
    }
    assertThat(refusedHeaders()).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "too short for IPv4, 2111000bcb007109c0000201126701",
    "too short for IPv6, 2121000ccb007109c0000201126701bb",
    "without a length that has anything, 21110000",
    "another version, 3111000ccb007109c0000201126701bb",
    "no version, ff11000ccb007109c0000201126701bb",
    "no command, 2f11000ccb007109c0000201126701bb",
    "no family, 21f1000ccb007109c0000201126701bb",
    "datagrams, 2112000ccb007109c0000201126701bb",
    "an extension longer than the header, 21110010cb007109c0000201126701bb0403e801",
    "an extension of TLS that is cut, 21110012cb007109c0000201126701bb200003010000",
  })
  @DisplayName("a malformed header of version 2 ends the connection")
  void aMalformedHeaderOfVersion2EndsTheConnection(String what, String hex) throws Exception {
    use(LOOPBACK, ProxyProtocol.OPTIONAL);
    byte[] rest = HexFormat.of().parseHex(hex);
    isCutOff(ByteBuffer.allocate(12 + rest.length).put(V2).put(rest).array());
  }

  @Test
  @DisplayName("a header of version 2 that is too long ends the connection")
  void aHeaderOfVersion2ThatIsTooLongEndsTheConnection() throws Exception {
    use(LOOPBACK, ProxyProtocol.OPTIONAL);
    isCutOff(v2(0x21, 0x11, "cb007109c0000201126701bb", "00".repeat(10_000)));
  }

  @ParameterizedTest
  @EnumSource(names = {"OPTIONAL", "REQUIRED"})
  @DisplayName("a header that does not come, or not in time, ends the connection")
  void aHeaderThatDoesNotComeOrNotInTimeEndsTheConnection(ProxyProtocol mode) {
    Duration limit = Duration.ofMillis(300);
    use(
        GatewayOptions.defaults()
            .trustedProxies(LOOPBACK)
            .proxyProtocol(mode)
            .head(limit)
            .frame(limit)
            .message(limit));
    try (RawClient silent = server.client();
        RawClient half = server.client();
        RawClient headless = server.client()) {
      half.send("PROXY TCP4 203.0.113.9");
      headless.send(V1);
      silent.awaitEnd();
      half.awaitEnd();
      headless.awaitEnd();
    }
  }

  @ParameterizedTest
  @CsvSource({"OFF, true", "OFF, false", "OPTIONAL, false", "REQUIRED, false"})
  @DisplayName("a header of anybody else, or where there is none, is bad HTTP: 400")
  void aHeaderOfAnybodyElseOrWhereThereIsNoneIsBadHTTP(ProxyProtocol mode, boolean isListed)
      throws Exception {
    use(isListed ? LOOPBACK : ELSEWHERE, mode);
    String v2 = new String(v2(0x21, 0x11, "cb007109c0000201126701bb"), ISO_8859_1);
    for (String header : List.of(V1, v2)) {
      try (RawClient client = server.client()) {
        client.send(header + RawClient.upgrade("/chat/lobby"));
        assertThat(client.readAnswer().status()).isEqualTo(400);
        client.awaitEnd();
      }
    }
    server.host.heardNothing();
  }

  @Test
  @DisplayName("if a header is optional, connections without one are served, listed or not")
  void ifAHeaderIsOptionalConnectionsWithoutOneAreServedListedOrNot() throws Exception {
    for (TrustedProxies trusted : List.of(LOOPBACK, ELSEWHERE)) {
      use(trusted, ProxyProtocol.OPTIONAL);
      try (RawClient client = server.client()) {
        client.send(RawClient.upgrade("/chat/lobby"));
        assertThat(opened(client).remoteAddress()).isEqualTo("127.0.0.1");
      }
      server.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("if a header is required, connections without one are answered 400")
  void ifAHeaderIsRequiredConnectionsWithoutOneAreAnswered400(boolean isListed) throws Exception {
    use(isListed ? LOOPBACK : ELSEWHERE, ProxyProtocol.REQUIRED);
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby")).readAnswer();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.header("Connection")).containsExactly("close");
      assertThat(answer.body()).contains("PROXY");
      client.awaitEnd();
    }
    assertThat(refusedHeaders()).isEqualTo(1);
    server.host.heardNothing();
  }

  @Test
  @DisplayName("limits of an address are those of the client that the header names")
  void limitsByHeader() {
    use(
        GatewayOptions.defaults()
            .trustedProxies(LOOPBACK)
            .proxyProtocol(ProxyProtocol.REQUIRED)
            .limits(ConnectionLimits.none().connectionsMax(100).perAddressMax(1)));
    try (RawClient first = server.client();
        RawClient second = server.client();
        RawClient third = server.client()) {
      first.send(V1).open("/chat/lobby");
      Answer refused = second.send(V1 + RawClient.upgrade("/chat/lobby")).readAnswer();
      assertThat(refused.status()).isEqualTo(429);
      third.send(V1.replace("203.0.113.9", "203.0.113.10")).open("/chat/lobby");
    }
  }

  @Test
  @DisplayName("TLS begins behind the header")
  void tlsBeginsBehindTheHeader() throws Exception {
    Identity identity = Certificates.selfSigned("server");
    use(
        GatewayOptions.defaults()
            .trustedProxies(LOOPBACK)
            .proxyProtocol(ProxyProtocol.OPTIONAL)
            .tls(new ServerTls(identity.keyManagers())));
    for (String header : List.of(V1, "")) {
      try (RawClient tcp = server.client().send(header);
          RawClient client = tcp.tls(Certificates.clientOf(identity.certificate()))) {
        client.send(RawClient.upgrade("/chat/lobby", "Origin: https://dormouse.test"));
        assertThat(opened(client).remoteAddress())
            .isEqualTo(header.isEmpty() ? "127.0.0.1" : "203.0.113.9");
      }
      server.host.nextClosed();
    }
    try (RawClient plain = server.client()) {
      plain.send(V1 + RawClient.upgrade("/chat/lobby"));
      assertThat(plain.readAnswer().status()).isEqualTo(400);
    }
  }
}
