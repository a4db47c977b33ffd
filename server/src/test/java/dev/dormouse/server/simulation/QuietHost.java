package dev.dormouse.server.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Keeps the host from logging while simulations run: it fails on purpose, thousands of times. */
final class QuietHost implements BeforeAllCallback, AfterAllCallback {
  private static final List<String> LOGGERS =
      List.of("dev.dormouse.server.host", "dev.dormouse.server.observe");

  @Override
  public void beforeAll(ExtensionContext context) {
    LOGGERS.forEach(name -> ((Logger) LoggerFactory.getLogger(name)).setLevel(Level.OFF));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    LOGGERS.forEach(name -> ((Logger) LoggerFactory.getLogger(name)).setLevel(null));
  }
}
