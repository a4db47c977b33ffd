package dev.dormouse.server.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Keeps the host from logging while simulations run: it fails on purpose, thousands of times. */
final class QuietHost implements BeforeAllCallback, AfterAllCallback {
  private final Logger host = (Logger) LoggerFactory.getLogger("dev.dormouse.server.host");

  @Override
  public void beforeAll(ExtensionContext context) {
    host.setLevel(Level.OFF);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    host.setLevel(null);
  }
}
