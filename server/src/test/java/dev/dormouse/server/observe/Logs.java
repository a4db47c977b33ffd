package dev.dormouse.server.observe;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
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
    LogFence.awaitLines();
    lines.start();
    logger.addAppender(lines);
    logger.setAdditive(false);
    logger.setLevel(Level.ERROR);
  }

  public List<String> lines() {
    LogFence.awaitLines();
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  public long stackTraces() {
    LogFence.awaitLines();
    return lines.list.stream().filter(line -> line.getThrowableProxy() != null).count();
  }

  /** Returns the labels of each line. */
  public List<Map<String, String>> labels() {
    LogFence.awaitLines();
    return lines.list.stream().map(ILoggingEvent::getMDCPropertyMap).toList();
  }

  @Override
  public void close() {
    LogFence.awaitLines();
    logger.detachAppender(lines);
    logger.setAdditive(true);
    logger.setLevel(before);
  }
}
