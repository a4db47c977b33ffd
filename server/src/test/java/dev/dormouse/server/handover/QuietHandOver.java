package dev.dormouse.server.handover;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Keeps the classes of the hand-over from logging, since the model runs them millions of times. */
final class QuietHandOver implements BeforeAllCallback, AfterAllCallback {
  private static final List<String> PACKAGES =
      List.of("dev.dormouse.server.host", "dev.dormouse.server.gateway");

  @Override
  public void beforeAll(ExtensionContext context) {
    PACKAGES.forEach(name -> logger(name).setLevel(Level.OFF));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    PACKAGES.forEach(name -> logger(name).setLevel(null));
  }

  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }
}
