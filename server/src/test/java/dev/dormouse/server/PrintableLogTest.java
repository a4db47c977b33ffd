package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Checks that no log contains a client's text raw. */
class PrintableLogTest {
  /** Fails with the text of its message. */
  public static final class Room extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      throw new IllegalStateException("cannot read '" + text + "'");
    }
  }

  @Test
  @DisplayName(
      "suspicion: an exception that quotes a client is logged without its control characters")
  void anExceptionThatQuotesAClientIsLoggedWithoutItsControlCharacters() throws Exception {
    BlockingQueue<ILoggingEvent> lines = new LinkedBlockingQueue<>();
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent line) {
            if (line.getThrowableProxy() != null) {
              lines.add(line);
            }
          }
        };
    // This logger is off in other tests.
    Logger failures = (Logger) LoggerFactory.getLogger("dev.dormouse.server.observe.FailureLog");
    appender.start();
    failures.addAppender(appender);
    failures.setAdditive(false);
    failures.setLevel(Level.ERROR);
    try (DormouseServer server =
            Dormouse.server()
                .actor("/room/:key", Room.class, Room::new)
                .open(
                    ServerOptions.defaults()
                        .port(0)
                        .adminPort(0)
                        .data(Path.of("not-used"))
                        .durability(Durability.MEMORY));
        RawClient client = new RawClient(server.port())) {
      client.open("/room/a").text("x\u001b[31m\u202e\n2026-11-30T00:00:00Z ERROR forged");
      ILoggingEvent line = lines.poll(10, TimeUnit.SECONDS);
      assertThat(line).isNotNull();
      assertThat(line.getFormattedMessage() + ThrowableProxyUtil.asString(line.getThrowableProxy()))
          .contains("IllegalStateException: cannot read 'x\\u001b[31m\\u202e\n\t| 2026-11-30T00")
          .doesNotContain("\u001b", "\u202e", "\n2026");
    } finally {
      failures.setLevel(Level.OFF);
      failures.setAdditive(true);
      failures.detachAppender(appender);
    }
  }
}
