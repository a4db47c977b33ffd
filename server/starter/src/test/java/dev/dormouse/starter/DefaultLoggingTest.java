package dev.dormouse.starter;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class DefaultLoggingTest {
  private static final String EVIL = "x\u001b[2J\r\n2026-11-30 ERROR forged";

  @Test
  void anApplicationWithoutAConfigurationHasTheOneOfTheStarter() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

    assertThat(ServiceLoader.load(Configurator.class)).hasOnlyElementsOfType(DefaultLogging.class);
    assertThat(context.getLogger("com.example.Chat").getEffectiveLevel()).isEqualTo(Level.INFO);
    assertThat(context.getLogger("io.netty.channel").getEffectiveLevel()).isEqualTo(Level.WARN);
    assertThat(root(context).getAppender("stderr")).isNotNull();
  }

  @Test
  void aLineHasNeitherControlCharactersNorForgedLines() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    OutputStreamAppender<ILoggingEvent> stderr =
        (OutputStreamAppender<ILoggingEvent>) root(context).getAppender("stderr");
    LoggingEvent event = new LoggingEvent("me", root(context), Level.ERROR, EVIL, null, null);

    String line = new String(stderr.getEncoder().encode(event), StandardCharsets.UTF_8);

    assertThat(line).endsWith(" ROOT: x?[2J 2026-11-30 ERROR forged\n").hasLineCount(1);
  }

  @Test
  void aConfigurationOfTheApplicationTakesThePlaceOfTheStarters(@TempDir Path folder)
      throws Exception {
    Path own = Files.writeString(folder.resolve("own.xml"), "<configuration/>");
    LoggerContext context = new LoggerContext();
    DefaultLogging logging = new DefaultLogging();
    logging.setContext(context);
    System.setProperty("logback.configurationFile", own.toUri().toString());
    try {
      assertThat(logging.configure(context)).isNotEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
    } finally {
      System.clearProperty("logback.configurationFile");
    }
    assertThat(root(context).iteratorForAppenders().hasNext()).isFalse();
  }

  private static Logger root(LoggerContext context) {
    return context.getLogger(Logger.ROOT_LOGGER_NAME);
  }
}
