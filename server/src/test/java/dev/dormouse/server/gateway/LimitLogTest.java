package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.log.Log;
import dev.dormouse.sdk.OutboundPolicy;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Who is closed, or refused, by a limit is told of in the log, by the option that raises it. */
class LimitLogTest {
  private static Vertx vertx;
  private final Logger logger = (Logger) LoggerFactory.getLogger(LimitLog.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeAll
  static void startVertx() {
    vertx = TestServer.vertx();
  }

  @AfterAll
  static void stopVertx() {
    TestServer.await(vertx.close());
  }

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
    assertThat(Log.flush(Duration.ofSeconds(30))).isTrue();
    assertThat(lines.list).extracting(ILoggingEvent::getLevel).containsOnly(Level.WARN);
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  @DisplayName(
      "N6 a client whose every message is too long, and that comes back for ever: five lines")
  void everyMessageIsTooLong() {
    try (TestServer server = new TestServer(vertx)) {
      server.host.acceptAll();
      for (int i = 0; i < 20; i++) {
        try (RawClient client = server.open("/small/one")) {
          client.text("x".repeat(101));
          assertThat(client.readClose()).isEqualTo(1009);
        }
      }
      assertThat(lines())
          .hasSize(LimitLog.BURST)
          .allMatch(line -> line.contains("ActorOptions.messageBytesMax"))
          .allMatch(line -> line.contains("small/one"));
      try (RawClient other = server.open("/chat/lobby")) {
        other.send(frame(TEXT, "x".repeat(TestServer.MESSAGE_BYTES_MAX + 1)));
        assertThat(other.readClose()).isEqualTo(1009);
      }
      assertThat(lines()).hasSize(LimitLog.BURST + 1);
    }
  }

  @Test
  @DisplayName("N6 so are haste, halves, fragments, slow reading, and connections over a limit")
  void everyLimitThatCloses() {
    Duration minutes = Duration.ofMinutes(10);
    GatewayOptions options =
        GatewayOptions.defaults()
            .input(minutes, Duration.ofMillis(50), minutes)
            .limits(new ConnectionLimits(1, 0, 0));
    try (TestServer server = new TestServer(vertx, options)) {
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
          .anyMatch(line -> line.contains("GatewayOptions.input"))
          .anyMatch(line -> line.contains("longer fragments"))
          .anyMatch(line -> line.contains("ActorOptions.outboundBytesMax"))
          .hasSize(5);
    }
  }
}
