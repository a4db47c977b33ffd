package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Threading;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Checks the labels of the lines that handlers log. */
class LogLabelsTest {
  private static final Logger LINES = (Logger) LoggerFactory.getLogger("labels.of.a.test");

  /** Logs its messages, and echoes them. */
  public static final class Room extends WebSocketActor<Void> {
    @Override
    protected void onActivate() {
      LINES.info("activated");
    }

    @Override
    protected void onMessage(Connection<Void> from, String text) {
      LINES.info("{}", text);
      from.send(text);
    }
  }

  private final BlockingQueue<ILoggingEvent> lines = new LinkedBlockingQueue<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent line) {
          line.prepareForDeferredProcessing();
          lines.add(line);
        }
      };

  @BeforeEach
  void listen() {
    appender.start();
    LINES.setLevel(Level.INFO);
    LINES.setAdditive(false);
    LINES.addAppender(appender);
  }

  @AfterEach
  void stop() {
    LINES.detachAppender(appender);
  }

  private Map<String, String> labels(String message) throws Exception {
    ILoggingEvent line = lines.poll(10, TimeUnit.SECONDS);
    assertThat(line).isNotNull();
    assertThat(line.getFormattedMessage()).isEqualTo(message);
    return line.getMDCPropertyMap();
  }

  @ParameterizedTest
  @EnumSource(Threading.class)
  @DisplayName(
      "a line of a handler says of which actor and connection it is, and no longer than that")
  void aLineOfAHandlerSaysOfWhichActorAndConnectionItIsAndNoLonger(Threading threading)
      throws Exception {
    Heard heard = new Heard(false);
    try (DormouseServer server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new, o -> o.threading(threading))
            .observe(heard)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("unused"))
                    .durability(Durability.MEMORY))) {
      server.observe(
          new DormouseObserver() {
            @Override
            public void turnEnded(TurnEnded ended) {
              LINES.info("left {}", MDC.get(LogLabels.TYPE));
            }
          });
      try (TextClient client = new TextClient(server, "/room/one")) {
        String id = heard.next(UpgradeStarted.class).connection().toString();
        assertThat(labels("activated"))
            .containsExactlyInAnyOrderEntriesOf(
                Map.of(LogLabels.TYPE, "room", LogLabels.KEY, "one"));
        labels("left null");
        labels("left null");
        assertThat(client.ask("hello")).isEqualTo("hello");
        assertThat(labels("hello"))
            .containsExactlyInAnyOrderEntriesOf(
                Map.of(LogLabels.TYPE, "room", LogLabels.KEY, "one", LogLabels.CONNECTION, id));
        labels("left null");
      }
    }
  }
}
