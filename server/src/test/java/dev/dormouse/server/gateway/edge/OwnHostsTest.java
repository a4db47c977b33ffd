package dev.dormouse.server.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks foreign host names that lead to the server, as DNS rebinding uses them. */
class OwnHostsTest {
  /** Greets every client. */
  static final class Page extends WebSocketActor<Void> {
    @Override
    protected void onUpgrade(Upgrade<Void> upgrade) {
      upgrade.accept(null);
    }

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      return HttpResponse.text(200, "hello");
    }
  }

  private static DormouseServer open(GatewayOptions gateway) {
    return Dormouse.server()
        .actor("/page/:key", Page.class, Page::new)
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .data(Path.of("not-used"))
                .durability(Durability.MEMORY)
                .gateway(gateway));
  }

  private static int upgrade(DormouseServer server, String host, String... more) {
    List<String> headers = new ArrayList<>(RawClient.goodHeaders());
    headers.removeIf(good -> good.startsWith("Host:"));
    headers.add("Host: " + host);
    try (RawClient client = new RawClient(server.port())) {
      client.send(RawClient.head("GET /page/a HTTP/1.1", headers, more));
      return client.readAnswer().status();
    }
  }

  private static int get(DormouseServer server, String host, String... more) {
    try (RawClient client = new RawClient(server.port())) {
      client.send(RawClient.head("GET /page/a HTTP/1.1", List.of("Host: " + host), more));
      Answer answer = client.readAnswer();
      if (answer.status() == 421) {
        assertThat(answer.body()).contains("--hosts");
      }
      return answer.status();
    }
  }

  @Test
  @DisplayName(
      "A17: unless hosts are listed, a browser on this machine comes by no name but localhost")
  void unlessHostsAreListedABrowserOnThisMachineComesByNoNameButLocalhost() {
    try (DormouseServer server = open(GatewayOptions.defaults())) {
      for (String name : List.of("evil.example", "evil.example:8080", "localhost.evil.example")) {
        assertThat(upgrade(server, name, "Origin: http://" + name)).isEqualTo(421);
        assertThat(upgrade(server, name, "Origin: https://" + name)).isEqualTo(421);
        assertThat(get(server, name, "Sec-Fetch-Site: same-origin")).isEqualTo(421);
        assertThat(get(server, name, "User-Agent: Mozilla/5.0 (X11)")).isEqualTo(421);
        assertThat(upgrade(server, name)).isEqualTo(101);
        assertThat(get(server, name, "User-Agent: curl/8")).isEqualTo(200);
      }
      for (String own : List.of("localhost:80", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080")) {
        assertThat(upgrade(server, own, "Origin: http://" + own)).isEqualTo(101);
        assertThat(get(server, own, "User-Agent: Mozilla/5.0 (X11)")).isEqualTo(200);
      }
      assertThat(upgrade(server, "127.0.0.1", "Origin: http://evil.example")).isEqualTo(403);
      assertThat(upgrade(server, "evil.example", "Origin: http://other.example")).isEqualTo(403);
      assertThat(upgrade(server, "evil.example", "Origin: null")).isEqualTo(403);
    }
  }

  @Test
  @DisplayName("A17: from elsewhere, a plain deployment behind a name works as it is")
  void fromElsewhereAPlainDeploymentBehindANameWorks() {
    GatewayOptions behindProxy =
        GatewayOptions.defaults().trustedProxies(TrustedProxies.of(List.of("127.0.0.1")));
    try (DormouseServer server = open(behindProxy)) {
      String client = "X-Forwarded-For: 203.0.113.7";
      String page = "Origin: https://chat.example.org";
      assertThat(upgrade(server, "chat.example.org", client, page)).isEqualTo(101);
      assertThat(upgrade(server, "chat.example.org", client, "X-Forwarded-Proto: https", page))
          .isEqualTo(101);
      assertThat(upgrade(server, "chat.example.org", client, "Origin: https://evil.example"))
          .isEqualTo(403);
      assertThat(upgrade(server, "chat.example.org", "X-Forwarded-Proto: https", page))
          .isEqualTo(101);
      assertThat(upgrade(server, "chat.example.org", page)).isEqualTo(421);
    }
  }

  @Test
  @DisplayName("A17: pages that are listed come by any name, and their own name is the server's")
  void pagesThatAreListedComeByAnyNameAndTheirOwnNameIsTheServers() {
    GatewayOptions options =
        GatewayOptions.defaults().allowedOrigins(Set.of("https://app.example.org", "null"));
    try (DormouseServer server = open(options)) {
      assertThat(upgrade(server, "api.example.org", "Origin: https://app.example.org"))
          .isEqualTo(101);
      assertThat(upgrade(server, "api.example.org", "Origin: null")).isEqualTo(101);
      assertThat(upgrade(server, "app.example.org", "Origin: http://app.example.org"))
          .isEqualTo(101);
      assertThat(upgrade(server, "api.example.org", "Origin: https://api.example.org"))
          .isEqualTo(421);
    }
    try (DormouseServer server = open(GatewayOptions.defaults().allowedOrigins(Set.of("*")))) {
      assertThat(upgrade(server, "evil.example", "Origin: http://evil.example")).isEqualTo(101);
    }
  }

  @Test
  @DisplayName("A17: if hosts are listed, no request comes by another name, whoever sends it")
  void ifHostsAreListedNoRequestComesByAnotherNameWhoeverSendsIt() {
    GatewayOptions options =
        GatewayOptions.defaults()
            .hosts(Set.of("example.org", "*.example.org"))
            .allowedOrigins(Set.of("https://other.example"))
            .trustedProxies(TrustedProxies.of(List.of("127.0.0.1")));
    try (DormouseServer server = open(options)) {
      for (String own : List.of("example.org", "a.b.example.org:8080", "127.0.0.1", "localhost")) {
        assertThat(upgrade(server, own, "Origin: http://" + own)).isEqualTo(101);
        assertThat(upgrade(server, own, "Origin: https://other.example")).isEqualTo(101);
        assertThat(get(server, own)).isEqualTo(200);
      }
      for (String other : List.of("evil.example", "evilexample.org", "example.org.evil.example")) {
        assertThat(upgrade(server, other, "Origin: http://" + other)).isEqualTo(421);
        assertThat(upgrade(server, other, "Origin: https://other.example")).isEqualTo(421);
        assertThat(upgrade(server, other, "X-Forwarded-For: 203.0.113.7")).isEqualTo(421);
        assertThat(get(server, other)).isEqualTo(421);
        assertThat(get(server, other, "X-Forwarded-Host: example.org")).isEqualTo(200);
        assertThat(get(server, "example.org", "X-Forwarded-Host: " + other)).isEqualTo(421);
      }
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "example.org, true",
    "EXAMPLE.org.:80, true",
    "www.example.org, false",
    "a.wild.example, true",
    "a.b.wild.example, true",
    "wild.example, false",
    "notwild.example, false",
    "localhost:1, true",
    "x.localhost, false",
    "10.0.0.1, true",
    "[2001:db8::1]:443, true",
    "[evil.example], false",
    "example.org@evil.example, false",
    "example.org:80:80, false",
    "2130706433, false",
    "'', false",
    "null, false",
  })
  @DisplayName("A17: addresses, localhost and listed names are own, and no look-alike is")
  void addressesLocalhostAndListedNamesAreOwnAndNoLookAlike(String authority, boolean isOwn) {
    assertThat(OwnHosts.of(Set.of("example.org", "*.wild.example")).contains(authority))
        .isEqualTo(isOwn);
    assertThat(OwnHosts.of(Set.of("*")).contains(authority)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a b", "http://a", "a:80", "a/", "*.", "a.*", "**.a", "[::1", "b\u00fc.a"})
  @DisplayName("A17: an entry that is no host is refused by name")
  void anEntryThatIsNoHostIsRefusedByName(String entry) {
    assertThatThrownBy(() -> GatewayOptions.defaults().hosts(Set.of("a.test", entry)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + entry + "'");
  }
}
