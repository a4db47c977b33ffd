package dev.dormouse.server.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Checks forwarded addresses with the peer 10.0.0.1; the listed proxies are 10.0.0.0/8 and
 * fd00::/8.
 */
class ForwardingTest {
  private static final TrustedProxies LISTED = TrustedProxies.of(List.of("10.0.0.0/8", "fd00::/8"));

  private static Forwarding read(String... headers) {
    InetAddress peer = Addresses.parse("10.0.0.1");
    return Forwarding.of(peer, name -> values(name, headers), LISTED);
  }

  private static List<String> values(String name, String... headers) {
    String prefix = name.toLowerCase(Locale.ROOT) + ":";
    return Arrays.stream(headers)
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
        .map(line -> line.substring(prefix.length()).strip())
        .toList();
  }

  private static String client(String... headers) {
    return Addresses.text(read(headers).client());
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "203.0.113.9, 203.0.113.9",
    "'203.0.113.9, 10.0.0.2', 203.0.113.9",
    "'203.0.113.9,10.0.0.2 , fd00::7', 203.0.113.9",
    "'1.1.1.1, 203.0.113.9', 203.0.113.9",
    "'10.0.0.9, 203.0.113.9', 203.0.113.9",
    "'evil, 203.0.113.9', 203.0.113.9",
    "'10.0.0.3, 10.0.0.2', 10.0.0.3",
    "2001:db8::1, 2001:db8::1",
    "2001:DB8:0::1, 2001:db8::1",
    "[2001:db8::1], 2001:db8::1",
    "[2001:db8::1]:4711, 2001:db8::1",
    "203.0.113.9:4711, 203.0.113.9",
    "'\"[2001:db8::1]:4711\"', 2001:db8::1",
    "'\"203.0.113.9\" , 10.0.0.2', 203.0.113.9",
    "[::ffff:203.0.113.9]:80, 203.0.113.9",
    "::ffff:203.0.113.9, 203.0.113.9",
    "'203.0.113.9, ::ffff:10.0.0.2', 203.0.113.9",
    "'', 10.0.0.1",
    "',', 10.0.0.1",
    "unknown, 10.0.0.1",
    "'203.0.113.9, unknown', 10.0.0.1",
    "'203.0.113.9, unknown, 10.0.0.2', 10.0.0.2",
    "'203.0.113.9, _hidden', 10.0.0.1",
    "'203.0.113.9, proxy.example.org', 10.0.0.1",
    "203.0.113.9:http, 10.0.0.1",
    "203.0.113.9:123456, 10.0.0.1",
    "[203.0.113.9], 10.0.0.1",
    "[2001:db8::1, 10.0.0.1",
    "2001:db8::1%eth0, 10.0.0.1",
    "203.0.113, 10.0.0.1",
    "3405803785, 10.0.0.1",
    "0xcb.0.113.9, 10.0.0.1",
  })
  @DisplayName("X-Forwarded-For: the right-most that is not listed is the client")
  void xForwardedFor(String value, String client) {
    assertThat(client("X-Forwarded-For: " + value)).isEqualTo(client);
  }

  @Test
  @DisplayName("X-Forwarded-For may come in several lines")
  void xForwardedForMayComeInSeveralLines() {
    assertThat(client("X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 203.0.113.9, 10.0.0.2"))
        .isEqualTo("203.0.113.9");
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "for=203.0.113.9, 203.0.113.9",
    "'for=1.1.1.1, for=203.0.113.9, for=10.0.0.2', 203.0.113.9",
    "'for=\"[2001:db8::1]\"', 2001:db8::1",
    "'for=\"[2001:db8::1]:4711\"', 2001:db8::1",
    "'for=\"2001:db8::1\"', 2001:db8::1",
    "'for=\"203.0.113.9:4711\"', 203.0.113.9",
    "'for=\"203.0.113.9:_port\"', 203.0.113.9",
    "'for=203.0.113.9, for=unknown', 10.0.0.1",
    "'for=203.0.113.9, for=_x, for=10.0.0.2', 10.0.0.2",
    "'for=203.0.113.9, by=10.0.0.1', 10.0.0.1",
    "'for=\"\"', 10.0.0.1",
    "proto=https, 10.0.0.1",
  })
  @DisplayName("Forwarded: the right-most that is not listed is the client")
  void theRightMostAddressThatIsNotListedIsTheClient(String value, String client) {
    assertThat(client("Forwarded: " + value)).isEqualTo(client);
  }

  @Test
  @DisplayName("without headers, the proxy is the client, and says nothing")
  void withoutHeadersTheProxyIsTheClientAndSaysNothing() {
    assertThat(read()).isEqualTo(new Forwarding(Addresses.parse("10.0.0.1"), null, null));
  }

  @Test
  @DisplayName("Forwarded: scheme and host are those beside the client, or the first to the right")
  void besideTheClient() {
    Forwarding all =
        read(
            "Forwarded: for=1.1.1.1;proto=http;host=evil.test,"
                + " for=203.0.113.9;proto=https;host=\"a.test:8443\","
                + " for=10.0.0.2;proto=http;host=inner.test");
    assertThat(all.scheme()).isEqualTo("https");
    assertThat(all.host()).isEqualTo("a.test:8443");
    Forwarding some =
        read(
            "Forwarded: for=1.1.1.1;proto=http;host=evil.test, for=203.0.113.9;host=a.test,"
                + " for=10.0.0.2;proto=https");
    assertThat(some.scheme()).isEqualTo("https");
    assertThat(some.host()).isEqualTo("a.test");
    Forwarding inner = read("Forwarded: for=10.0.0.3;proto=https, for=10.0.0.2;proto=http");
    assertThat(inner.scheme()).isEqualTo("https");
    assertThat(inner.host()).isNull();
  }

  @ParameterizedTest(name = "{0}, {1}: {2}, {3}")
  @CsvSource({
    "https, a.test, https, a.test",
    "HTTPS, A.test:8443, https, A.test:8443",
    "'http, https', 'evil.test, a.test', https, a.test",
    "wss, '[::1]:8443', https, '[::1]:8443'",
    "ws,, http,",
  })
  @DisplayName("X-Forwarded-Proto and -Host: the right-most counts")
  void schemeAndHost(String proto, String told, String scheme, String host) {
    Forwarding read =
        read(
            "X-Forwarded-For: 203.0.113.9",
            "X-Forwarded-Proto: " + proto,
            "X-Forwarded-Host: " + (told == null ? "" : told));
    assertThat(read.scheme()).isEqualTo(scheme);
    assertThat(read.host()).isEqualTo(host);
  }

  @ParameterizedTest
  @CsvSource({
    "X-Forwarded-Proto: ftp",
    "X-Forwarded-Proto: https:",
    "X-Forwarded-Host: a b",
    "X-Forwarded-Host: a.test/path",
    "X-Forwarded-Host: user@a.test",
    "X-Forwarded-Host: a.test:port",
    "Forwarded: for=1.1.1.1;proto=ftp",
    "'Forwarded: for=1.1.1.1;host=\"a/b\"'",
    "'Forwarded: for=\"'",
    "'X-Forwarded-Proto: http, gopher'",
  })
  @DisplayName("F08: what cannot be was not said")
  void whatCannotBeReadWasNotSaid(String header) {
    Forwarding read = read(header);
    assertThat(read.scheme()).isNull();
    assertThat(read.host()).isNull();
  }

  @ParameterizedTest(name = "{0}: {1}, {2}, {3}")
  @CsvSource({
    "'for=[::ffff:203.0.113.7];host=h;proto=https', 203.0.113.7, https, h",
    "'for=\"[::ffff:203.0.113.7]\";host=h;proto=https', 203.0.113.7, https, h",
    "'for=::ffff:203.0.113.7;host=h', 203.0.113.7,, h",
    "'for=2001:db8::7;host=h', 2001:db8::7,, h",
    "'for=[2001:db8::7]:4711;host=h:8443;proto=https', 2001:db8::7, https, h:8443",
    "'for=203.0.113.7:4711;host=h:8443', 203.0.113.7,, h:8443",
    "'for=203.0.113.7;proto=https;proto-version=;host=h', 203.0.113.7, https, h",
    "'for=203.0.113.7 ; proto = HTTPS ;host= h', 203.0.113.7, https, h",
    "';;for=203.0.113.7;;proto=https;', 203.0.113.7, https,",
    "'for=203.0.113.7, , ,', 203.0.113.7,,",
    "'for=203.0.113.7;proto=gopher;host=h', 203.0.113.7,, h",
    "'for=203.0.113.7;proto=https;host=\"a b\"', 203.0.113.7, https,",
    "'for=203.0.113.7;proto=https;proto=http;host=h', 203.0.113.7,, h",
    "'for=203.0.113.7;by=unix:/run/p.sock;agent=\"a,b\";host=h', 203.0.113.7,, h",
    "'for=\"1.1.1.1, for=203.0.113.7;host=h', 203.0.113.7,, h",
    "'for=\"1.1.1.1, for=\"[2001:db8::7]\";host=h', 2001:db8::7,, h",
    "'for=unix:;host=h;proto=https', 10.0.0.1, https, h",
  })
  @DisplayName("F08: a listed proxy's dialect costs what cannot be read, and nothing else")
  void aListedProxysDialectCostsWhatCannotBeReadAndNothingElse(
      String value, String client, String scheme, String host) {
    Forwarding read = read("Forwarded: " + value);
    assertThat(Addresses.text(read.client())).isEqualTo(client);
    assertThat(read.scheme()).isEqualTo(scheme);
    assertThat(read.host()).isEqualTo(host);
  }

  @Test
  @DisplayName("both kinds must agree about the client; scheme and host are what both say")
  void bothKindsMustAgreeAboutTheClient() {
    Forwarding agreed =
        read(
            "Forwarded: for=203.0.113.9;proto=https;host=A.test",
            "X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.2",
            "X-Forwarded-Proto: wss",
            "X-Forwarded-Host: a.test");
    assertThat(Addresses.text(agreed.client())).isEqualTo("203.0.113.9");
    assertThat(agreed.scheme()).isEqualTo("https");
    assertThat(agreed.host()).isEqualTo("A.test");
    Forwarding differing =
        read(
            "Forwarded: for=203.0.113.9;proto=https",
            "X-Forwarded-For: 203.0.113.9",
            "X-Forwarded-Proto: http",
            "X-Forwarded-Host: a.test");
    assertThat(differing.scheme()).isNull();
    assertThat(differing.host()).isNull();
    assertThat(client("Forwarded: proto=https", "X-Forwarded-For: 203.0.113.9"))
        .isEqualTo("203.0.113.9");
    assertThatThrownBy(() -> read("Forwarded: for=1.1.1.1", "X-Forwarded-For: 203.0.113.9"))
        .hasMessageContaining("do not agree about the client");
    assertThatThrownBy(() -> read("Forwarded: for=unknown", "X-Forwarded-For: 203.0.113.9"))
        .hasMessageContaining("do not agree about the client");
  }

  @Test
  @DisplayName("suspicion: the kind that names no client is not believed beside the one that does")
  void aClientsOwnKind() {
    for (String own : List.of("proto=https;host=evil.test", "junk, proto=https;host=evil.test")) {
      Forwarding read =
          read("Forwarded: " + own, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http");
      assertThat(Addresses.text(read.client())).isEqualTo("203.0.113.9");
      assertThat(read.scheme()).isEqualTo("http");
      assertThat(read.host()).isNull();
    }
    Forwarding standard =
        read(
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.test",
            "Forwarded: for=203.0.113.9;proto=http");
    assertThat(standard.scheme()).isEqualTo("http");
    assertThat(standard.host()).isNull();
    Forwarding neither = read("Forwarded: proto=https;host=evil.test", "X-Forwarded-Proto: http");
    assertThat(neither.scheme()).isNull();
    assertThat(neither.host()).isNull();
    assertThat(read("Forwarded: proto=https;host=a.test").host()).isEqualTo("a.test");
  }

  /**
   * Checks that the address which the proxy appends is the client's, whatever stood there before.
   */
  @Property
  void aClientCannotChooseItsAddress(@ForAll("values") String hostile) {
    assertThat(client("X-Forwarded-For: " + hostile + ", 203.0.113.9")).isEqualTo("203.0.113.9");
    assertThat(client("X-Forwarded-For: " + hostile, "X-Forwarded-For: 203.0.113.9, 10.0.0.2"))
        .isEqualTo("203.0.113.9");
    assertThat(client("Forwarded: " + hostile + ", for=203.0.113.9")).isEqualTo("203.0.113.9");
    assertThat(client("Forwarded: " + hostile + ", for=\"[2001:db8::7]\";proto=https"))
        .isEqualTo("2001:db8::7");
  }

  @Provide
  Arbitrary<String> values() {
    return Arbitraries.strings().withChars("for=10.2,;\"\\ [:]_u\t\u00ff").ofMaxLength(40);
  }
}
