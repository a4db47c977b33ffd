package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The lines that the jar's logger writes. */
class LogPatternTest {
  private static final String EVIL =
      "x\u001b[2J\u0000\u009b\u202e\u2028\r\n2026-11-30 ERROR forged";

  @Test
  @DisplayName(
      "suspicion: neither messages nor stack traces have control characters, or forged lines")
  void neitherMessagesNorStackTracesHaveControlCharactersOrForgedLines() throws Exception {
    LoggerContext context = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    URL shipped = Objects.requireNonNull(LogPatternTest.class.getResource("/logback.xml"));
    configurator.doConfigure(shipped);
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    OutputStreamAppender<ILoggingEvent> stderr =
        (OutputStreamAppender<ILoggingEvent>) root.getAppender("stderr");
    IllegalStateException thrown =
        new IllegalStateException(EVIL, new IllegalArgumentException("plain " + EVIL));
    LoggingEvent event = new LoggingEvent("caller", root, Level.ERROR, EVIL, thrown, null);
    String line = new String(stderr.getEncoder().encode(event), StandardCharsets.UTF_8);
    context.stop();

    assertThat(line)
        .contains("ROOT: x?[2J????", "IllegalStateException: x?[2J????", "forged\n\tat ")
        .contains("\nCaused by: java.lang.IllegalArgumentException: plain x?")
        .endsWith("\n")
        .doesNotContain("\u001b", "\u0000", "\u009b", "\u202e", "\u2028", "\n2026");
    assertThat(line.lines().skip(2))
        .allMatch(next -> next.startsWith("\t") || next.startsWith("Caused by: "));
  }
}
