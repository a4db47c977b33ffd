package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import java.time.Duration;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Keeps the log lines of one test out of the next. Lines wait in a queue of the product, so a test
 * could otherwise collect lines that an earlier test logged. JUnit registers this extension for
 * every test of the module.
 */
public final class LogFence implements BeforeEachCallback {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Override
  public void beforeEach(ExtensionContext test) {
    awaitLines();
  }

  /** Waits until every line that was logged before has been written. */
  public static void awaitLines() {
    if (!Log.flush(LIMIT)) {
      throw new AssertionError("the log has not written its lines within " + LIMIT);
    }
  }
}
