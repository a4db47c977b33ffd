package dev.dormouse.server.observe;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.log.Log;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** Collects the lines that a host logs about failures while this object is open. */
public final class Logs implements AutoCloseable {
  private final Logger logger = (Logger) LoggerFactory.getLogger(FailureLog.class);
  private final ListAppender<ILoggingEvent> lines =
      new ListAppender<>() {
        @Override
        protected void append(ILoggingEvent line) {
          line.prepareForDeferredProcessing(); // keeps the labels
          super.append(line);
        }
      };
  private final Level before = logger.getLevel();

  /** Begins with the next line: lines that wait in the log's queue are written before. */
  public Logs() {
    awaitLines();
    lines.start();
    logger.addAppender(lines);
    logger.setAdditive(false);
    logger.setLevel(Level.ERROR);
  }

  public List<String> lines() {
    awaitLines();
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  public long stackTraces() {
    awaitLines();
    return lines.list.stream().filter(line -> line.getThrowableProxy() != null).count();
  }

  /** Returns the labels of each line. */
  public List<Map<String, String>> labels() {
    awaitLines();
    return lines.list.stream().map(ILoggingEvent::getMDCPropertyMap).toList();
  }

  private static void awaitLines() {
    if (!Log.flush(Duration.ofSeconds(30))) {
      throw new AssertionError("the lines are not written yet");
    }
  }

  @Override
  public void close() {
    awaitLines();
    logger.detachAppender(lines);
    logger.setAdditive(true);
    logger.setLevel(before);
  }
}
