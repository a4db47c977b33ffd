package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.Certificates;
import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.ServerTls;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.gateway.socket.MessageAssembler;
import dev.dormouse.server.gateway.socket.StuckSocket;
import dev.dormouse.server.observe.LogFence;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/**
 * Checks that the log names each client that a limit closes or refuses, and the option that raises
 * the limit.
 */
class LimitLogTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private static final int BURST = 5;

  private final Logger logger =
      (Logger) LoggerFactory.getLogger("dev.dormouse.server.observe.LimitLog");

  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
    logger.setAdditive(false);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(lines);
    logger.setAdditive(true);
  }

  private List<String> lines() {
    LogFence.awaitLines();
    assertThat(lines.list).extracting(ILoggingEvent::getLevel).containsOnly(Level.WARN);
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  @DisplayName(
      "N6 a client whose every message is too long, and that comes back for ever: five lines")
  void everyMessageIsTooLong() {
    try (TestServer server = GATEWAY.open()) {
      server.host.acceptAll();
      for (int i = 0; i < 20; i++) {
        try (RawClient client = server.open("/small/one")) {
          client.text("x".repeat(101));
          assertThat(client.readClose()).isEqualTo(1009);
        }
      }
      assertThat(lines())
          .hasSize(BURST)
          .allMatch(line -> line.contains("ActorOptions.messageBytesMax"))
          .allMatch(line -> line.contains("small/one"));
      try (RawClient other = server.open("/chat/lobby")) {
        other.send(frame(TEXT, "x".repeat(TestServer.MESSAGE_BYTES_MAX + 1)));
        assertThat(other.readClose()).isEqualTo(1009);
      }
      assertThat(lines()).hasSize(BURST + 1);
    }
  }

  @Test
  @DisplayName("N6 so are haste, halves, fragments, slow reading, and connections over a limit")
  void everyLimitThatCloses() {
    Duration minutes = Duration.ofMinutes(10);
    GatewayOptions options =
        GatewayOptions.defaults()
            .head(minutes)
            .frame(Duration.ofMillis(50))
            .message(minutes)
            .limits(ConnectionLimits.none().connectionsMax(1));
    try (TestServer server = GATEWAY.open(options)) {
      server.host.acceptAll();
      try (RawClient hasty = server.open("/calm/one")) {
        for (int i = 0; i < 100; i++) {
          hasty.text("x");
        }
        assertThat(hasty.readClose()).isEqualTo(1008);
        assertThat(server.client().send(RawClient.upgrade("/chat/a")).readAnswer().status())
            .isEqualTo(503);
        hasty.send(RawClient.closeFrame(1008, ""));
        hasty.awaitEnd();
      }
      server.awaitCounts(counts -> counts.sockets() == 0);
      try (RawClient half = server.open("/chat/lobby")) {
        half.send(new byte[] {(byte) 0x81});
        assertThat(half.readClose()).isEqualTo(1008);
        half.awaitEnd();
      }
      server.awaitCounts(counts -> counts.sockets() == 0);
      try (RawClient pieces = server.open("/chat/lobby")) {
        pieces.send(frame(false, TEXT, new byte[0]));
        for (int i = 0; i < MessageAssembler.FRAGMENTS_FREE; i++) {
          pieces.send(frame(false, CONTINUATION, new byte[0]));
        }
        assertThat(pieces.readClose()).isEqualTo(1008);
      }
      try (StuckSocket slow = new StuckSocket(OutboundPolicy.CLOSE)) {
        slow.send(1, null, "a".repeat(StuckSocket.BYTES_MAX));
        slow.send(2, null, "b".repeat(StuckSocket.BYTES_MAX));
      }
      assertThat(lines())
          .anyMatch(line -> line.contains("ActorOptions.messagesPerSecondMax"))
          .anyMatch(line -> line.contains("--max-connections"))
          .anyMatch(line -> line.contains("GatewayOptions.frame"))
          .anyMatch(line -> line.contains("longer fragments"))
          .anyMatch(line -> line.contains("ActorOptions.outboundBytesMax"))
          .hasSize(5);
    }
  }

  @Test
  @DisplayName("N6 clients that break the WebSocket protocol are named, at the rate of limits")
  void clientsThatBreakTheWebSocketProtocolAreNamed() {
    try (TestServer server = GATEWAY.open()) {
      server.host.acceptAll();
      for (int i = 0; i < 10; i++) {
        try (RawClient client = server.open("/chat/lobby")) {
          client.send(frame(TEXT, new byte[] {(byte) 0xFF}));
          assertThat(client.readClose()).isEqualTo(1007);
        }
      }
      assertThat(lines())
          .hasSize(BURST)
          .allMatch(line -> line.contains("chat/lobby broke the WebSocket protocol"))
          .allMatch(line -> line.contains("(close 1007)"));
    }
  }

  @Test
  @DisplayName("N6 clients without TLS, and proxies without a header, are named")
  void clientsWithoutTlsOrAProxyHeaderAreNamed() {
    ServerTls tls = new ServerTls(Certificates.selfSigned("server").keyManagers());
    try (TestServer server = GATEWAY.open(GatewayOptions.defaults().tls(tls));
        RawClient plain = server.client().send(RawClient.upgrade("/chat/lobby"));
        RawClient gone = server.client()) {
      assertThat(plain.readAnswer().status()).isEqualTo(400);
      gone.send(new byte[] {22, 3, 1, 0, 0}); // a record of TLS that a client may not send
      gone.awaitEnd();
    }
    GatewayOptions behind = GatewayOptions.defaults().proxyProtocol(ProxyProtocol.REQUIRED);
    try (TestServer server = GATEWAY.open(behind);
        RawClient unlisted = server.client().send(RawClient.upgrade("/chat/lobby"))) {
      assertThat(unlisted.readAnswer().status()).isEqualTo(400);
    }
    assertThat(lines())
        .satisfiesExactly(
            line -> assertThat(line).contains("did not agree", "on TLS", "(400)"),
            line -> assertThat(line).contains("did not agree", "on TLS", "(close)"),
            line -> assertThat(line).contains("PROXY header", "--trusted-proxies"));
  }

  @Test
  @DisplayName(
      "N6 a client that does not answer a ping is closed, and named with the option --ping")
  void aSilentClientIsNamedInTheLog() {
    GatewayOptions options = GatewayOptions.defaults().pingInterval(Duration.ofMillis(200));
    try (TestServer server = GATEWAY.open(options)) {
      server.host.acceptAll();
      RawClient silent = server.open("/chat/lobby");
      server.awaitCounts(counts -> counts.silentDropped() == 1);
      silent.awaitEnd();
      assertThat(lines()).singleElement().asString().contains("--ping", "chat/lobby", "close 1006");
    }
  }

  @Test
  @DisplayName("N6 heads over their limits, and late ones, are counted and named by their options")
  void headsOverTheirLimitsAreNamedInTheLog() {
    Duration minutes = Duration.ofMinutes(10);
    GatewayOptions options =
        GatewayOptions.defaults().head(Duration.ofMillis(300)).frame(minutes).message(minutes);
    try (TestServer server = GATEWAY.open(options)) {
      String longLine = "GET /chat/a?q=" + "x".repeat(9_000) + " HTTP/1.1\r\nHost: h\r\n\r\n";
      assertThat(server.client().send(longLine).readAnswer().status()).isEqualTo(414);
      String longHeader = "GET /chat/a HTTP/1.1\r\nHost: h\r\nX: " + "x".repeat(9_000) + "\r\n\r\n";
      assertThat(server.client().send(longHeader).readAnswer().status()).isEqualTo(431);
      assertThat(server.client().send("GET / HTTP/1.1\r\n").readAnswer().status()).isEqualTo(408);
      assertThat(server.gateway.counts().cutOff())
          .containsEntry(RequestLimit.LINE_BYTES, 1L)
          .containsEntry(RequestLimit.HEADER_BYTES, 1L)
          .containsEntry(RequestLimit.HEAD_TIME, 1L);
      assertThat(lines())
          .anyMatch(line -> line.contains("--max-request-line"))
          .anyMatch(line -> line.contains("--max-headers"))
          .anyMatch(line -> line.contains("GatewayOptions.head"))
          .hasSize(3);
    }
  }

  @Test
  @DisplayName(
      "N6 every limit that refuses an upgrade or cuts off a request has a remedy in its line")
  void everyLimitHasARemedy() {
    Stream<@Nullable String> limits =
        Stream.concat(
            Arrays.stream(Refusal.values()).map(Refusal::limit),
            Arrays.stream(RequestLimit.values())
                .filter(limit -> limit != RequestLimit.IDLE) // an ordinary end is only counted
                .map(RequestLimit::limit));
    Observers observers = new Observers(Time.system());
    limits.filter(Objects::nonNull).forEach(limit -> observers.limitHit(limit, "503", null, null));
    assertThat(lines()).hasSizeGreaterThan(12).noneMatch(line -> line.contains("no option"));
  }

  @Test
  void aMessageOrARequestWithoutAHandlerIsLoggedOnceForEachActorType() {
    try (TestServer server = GATEWAY.open()) {
      server.host.acceptAll();
      for (int i = 0; i < 3; i++) {
        for (String path : List.of("/text/one", "/mute/one")) {
          try (RawClient client = server.open(path)) {
            client.send(frame(BINARY, "hello"));
            assertThat(client.readClose()).isEqualTo(1003);
          }
        }
        try (RawClient client = server.client()) {
          client.send("GET /text/one HTTP/1.1\r\nHost: h\r\n\r\n");
          assertThat(client.readAnswer().status()).isEqualTo(426);
        }
      }
      assertThat(lines()).hasSize(3);
      assertThat(lines().get(0))
          .contains("of actor text/one sent a binary message")
          .contains("onMessage(Connection, ByteBuffer)", "(close 1003)");
      assertThat(lines().get(1)).contains("of actor mute/one sent a binary message");
      assertThat(lines().get(2))
          .contains("a client of actor text/one sent a plain HTTP request")
          .contains("onRequest", "(426)");
    }
  }

  @Test
  @DisplayName("N6 an HTTP connection on which nothing is asked is closed and counted")
  void anIdleHttpConnectionIsCounted() {
    GatewayOptions options = GatewayOptions.defaults().keepAlive(Duration.ofMillis(200));
    try (TestServer server = GATEWAY.open(options);
        RawClient idle = server.client().send("GET /none HTTP/1.1\r\nHost: h\r\n\r\n")) {
      assertThat(idle.readAnswer().status()).isEqualTo(404);
      idle.awaitEnd();
      assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.IDLE, 1L);
    }
  }
}
