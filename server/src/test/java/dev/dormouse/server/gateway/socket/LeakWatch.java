package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.server.observe.LogFence;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.slf4j.LoggerFactory;

/** Lets Netty watch every buffer, and fails if one was forgotten. */
final class LeakWatch implements AutoCloseable {
  private static final int COLLECTIONS = 3;
  private static final int ALLOCATIONS = 100;

  private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
  private final Logger log = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
  private final ListAppender<ILoggingEvent> heard = new ListAppender<>();

  LeakWatch() {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    heard.start();
    log.addAppender(heard);
  }

  @Override
  public void close() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      for (int j = 0; j < ALLOCATIONS; j++) {
        ByteBufAllocator.DEFAULT.directBuffer().release(); // leaks are told by the next buffers
      }
    }
    LogFence.awaitLines();
    log.detachAppender(heard);
    ResourceLeakDetector.setLevel(before);
    assertThat(heard.list).extracting(ILoggingEvent::getFormattedMessage).isEmpty();
  }
}
