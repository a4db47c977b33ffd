package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.Durability;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs servers behind a real HAProxy on 127.0.0.1, which is listed, with clients that come from
 * 127.0.0.2 and 127.0.0.3, which are not. Each client may have one connection.
 */
@Tag("full")
class HaproxyIT {
  private static final TrustedProxies LISTED = TrustedProxies.of(List.of("127.0.0.1"));
  private static final ConnectionLimits ONE_EACH =
      ConnectionLimits.none().connectionsMax(100).perAddressMax(1);

  /** The ways in which HAProxy names its clients to a server. */
  enum Way {
    PROXY_V1,
    PROXY_V2,
    X_FORWARDED,
    FORWARDED,
    ENCRYPTED
  }

  @TempDir private static Path folder;
  private static final List<DormouseServer> servers = new ArrayList<>();
  private static final Map<Way, Integer> ports = new EnumMap<>(Way.class);
  private static Certificate certificate;
  private static Child haproxy;

  @BeforeAll
  static void start() throws Exception {
    for (Way way : Way.values()) {
      ports.put(way, freePort());
    }
    certificate = Certificate.make(folder, "haproxy");
    Path password = Files.writeString(folder.resolve("password"), Certificate.PASSWORD);
    int proxied = serve(gateway -> gateway.proxyProtocol(ProxyProtocol.REQUIRED), o -> o);
    int forwarded = serve(gateway -> gateway, o -> o);
    int encrypted =
        serve(
            gateway -> gateway.proxyProtocol(ProxyProtocol.REQUIRED),
            options -> options.tls(new TlsFiles.Pkcs12(certificate.keystore(), password)));
    String config =
        """
        global
          log stdout format raw daemon
        defaults
          log global
          mode http
          timeout connect 10s
          timeout client 1m
          timeout server 1m
          timeout tunnel 1m
          timeout check 1m
        listen proxy-v1
          bind 127.0.0.1:%d
          server one 127.0.0.1:%d send-proxy
        listen proxy-v2
          bind 127.0.0.1:%d
          option httpchk
          http-check send meth GET uri / ver HTTP/1.1 hdr Host chat.example.org
          server one 127.0.0.1:%d send-proxy-v2 check inter 100ms fall 1
        frontend x-forwarded
          bind 127.0.0.1:%d
          default_backend dormouse
        listen forwarded
          bind 127.0.0.1:%d
          http-request set-header Forwarded "for=%%[src];proto=https;host=public.example.org"
          http-request del-header X-Forwarded-For
          server one 127.0.0.1:%d
        listen encrypted
          bind 127.0.0.1:%d
          mode tcp
          server one 127.0.0.1:%d send-proxy-v2
        """
            .formatted(
                ports.get(Way.PROXY_V1),
                proxied,
                ports.get(Way.PROXY_V2),
                proxied,
                ports.get(Way.X_FORWARDED),
                ports.get(Way.FORWARDED),
                forwarded,
                ports.get(Way.ENCRYPTED),
                encrypted);
    Path file =
        Files.writeString(folder.resolve("haproxy.cfg"), config + backendOfTheGuide(forwarded));
    String program = Optional.ofNullable(System.getenv("HAPROXY")).orElse("/usr/sbin/haproxy");
    haproxy = Child.start(folder, Map.of(), List.of(program, "-db", "-V", "-f", file.toString()));
    haproxy.awaitOutput(Pattern.compile("Using \\w+\\(\\) as the polling mechanism"));
    for (int port : ports.values()) {
      Until.isTrue(() -> isOpen(port)); // HAProxy prints nothing when it has bound its ports
    }
  }

  private static boolean isOpen(int port) throws IOException {
    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return probe.isConnected();
    } catch (ConnectException notYet) {
      return false;
    }
  }

  private static String backendOfTheGuide(int port) throws IOException {
    String guide = Files.readString(Path.of("../server/README.md"));
    int begin = guide.indexOf("```haproxy\n") + "```haproxy\n".length();
    String backend = guide.substring(begin, guide.indexOf("```", begin));
    assertThat(backend).startsWith("backend dormouse\n").contains("127.0.0.1:8080\n");
    return backend.replace("127.0.0.1:8080\n", "127.0.0.1:" + port + "\n");
  }

  /** Returns a free port, since HAProxy cannot choose one itself. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static int serve(
      UnaryOperator<GatewayOptions> gateway, UnaryOperator<ServerOptions> more) {
    ServerOptions defaults =
        ServerOptions.defaults()
            .port(0)
            .adminPort(0)
            .data(folder.resolve("none"))
            .durability(Durability.MEMORY);
    GatewayOptions listed =
        defaults
            .gateway()
            .trustedProxies(LISTED)
            .hosts(Set.of("chat.example.org", "public.example.org"))
            .limits(ONE_EACH);
    DormouseServer server =
        Examples.server().open(more.apply(defaults.gateway(gateway.apply(listed))));
    servers.add(server);
    return server.port();
  }

  /** Waits until the servers have noticed that the clients of the previous test are gone. */
  @BeforeEach
  void awaitNobody() {
    long startNs = System.nanoTime();
    while (servers.stream().anyMatch(server -> server.counts().sockets() > 0)) {
      assertThat(System.nanoTime() - startNs).isLessThan(Child.LIMIT.toNanos());
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  @AfterAll
  static void stop() {
    haproxy.close();
    servers.forEach(DormouseServer::close);
  }

  @ParameterizedTest
  @EnumSource(names = "ENCRYPTED", mode = EnumSource.Mode.EXCLUDE)
  void theLimitsOfAnAddressAreThoseOfTheClient(Way way) throws Exception {
    int port = ports.get(way);
    try (PlainClient first = new PlainClient("127.0.0.2", port);
        PlainClient second = new PlainClient("127.0.0.2", port);
        PlainClient third = new PlainClient("127.0.0.3", port)) {
      assertThat(first.upgrade("/echo/" + way)).isEqualTo(101);
      assertThat(first.ask("hello")).isEqualTo("hello");
      assertThat(second.upgrade("/echo/" + way, "X-Forwarded-For: 127.0.0.9")).isEqualTo(429);
      assertThat(third.upgrade("/echo/" + way)).isEqualTo(101);
      assertThat(third.ask("a long one: " + "x".repeat(100)))
          .isEqualTo("a long one: " + "x".repeat(100));
      assertThat(first.ask("still here")).isEqualTo("still here");
    }
    assertThat(haproxy.output()).doesNotContain("is DOWN");
  }

  @ParameterizedTest
  @CsvSource({
    "X_FORWARDED, http://chat.example.org, http://chat.example.org:8443",
    "X_FORWARDED, http://chat.example.org, http://chat.example.org.evil.example",
    "X_FORWARDED, http://chat.example.org, http://127.0.0.1",
    "FORWARDED, https://public.example.org, http://public.example.org",
    "FORWARDED, https://public.example.org, https://chat.example.org",
  })
  void theServersOwnPagesAreThoseOfTheHostThatThePublicSees(Way way, String own, String foreign)
      throws Exception {
    try (PlainClient client = new PlainClient("127.0.0.4", ports.get(way))) {
      String[] wouldBe = {"Origin: " + foreign, "X-Forwarded-Host: evil.example"};
      assertThat(client.upgrade("/echo/origin", wouldBe)).isEqualTo(403);
      assertThat(client.upgrade("/echo/origin", "Origin: " + own)).isEqualTo(101);
    }
  }

  @Test
  void tlsEndsBehindHaproxy() throws Exception {
    URI uri = URI.create("wss://127.0.0.1:" + ports.get(Way.ENCRYPTED) + "/echo/encrypted");
    try (Client client = Client.connect(uri, certificate.client())) {
      String text = Client.textOf(1 << 20);
      assertThat(client.ask(text)).isEqualTo(text);
    }
  }

  @Test
  void whoGoesPastHaproxyIsRefused() throws Exception {
    try (PlainClient client = new PlainClient("127.0.0.2", servers.get(0).port())) {
      assertThat(client.upgrade("/echo/past")).isEqualTo(400);
    }
  }
}
