package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import io.netty.util.internal.logging.AbstractInternalLogger;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.vertx.core.spi.logging.LogDelegate;
import io.vertx.core.spi.logging.LogDelegateFactory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Sends the log lines of Netty and Vert.x to the queue that takes the server's own lines, since
 * Netty and Vert.x log on event loops, which must not wait. The class and its constructor are
 * public because Vert.x creates an instance by the class name.
 */
public final class LibraryLogs implements LogDelegateFactory {
  private static final String VERTX_PROPERTY = "vertx.logger-delegate-factory-class-name";

  /** Creates a factory of loggers; Vert.x calls this constructor. */
  public LibraryLogs() {}

  /**
   * Makes Netty and Vert.x log through this class, unless the process chose another class by
   * Vert.x's property. To be called before any class of Netty or Vert.x is used: a class that has
   * its logger already keeps it.
   */
  public static void install() {
    if (System.getProperty(VERTX_PROPERTY) == null) {
      System.setProperty(VERTX_PROPERTY, LibraryLogs.class.getName());
    }
    InternalLoggerFactory.setDefaultFactory(
        new InternalLoggerFactory() {
          @Override
          protected InternalLogger newInstance(String name) {
            return new NettyLogger(name);
          }
        });
  }

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public LogDelegate createDelegate(String name) {
    return new VertxLogger(Log.ofLibrary(name));
  }

  private record VertxLogger(Logger to) implements LogDelegate {
    @Override
    public String implementation() {
      return "SLF4J";
    }

    @Override
    public boolean isTraceEnabled() {
      return to.isTraceEnabled();
    }

    @Override
    public boolean isDebugEnabled() {
      return to.isDebugEnabled();
    }

    @Override
    public boolean isInfoEnabled() {
      return to.isInfoEnabled();
    }

    @Override
    public boolean isWarnEnabled() {
      return to.isWarnEnabled();
    }

    @Override
    public void trace(Object message) {
      to.trace(Objects.toString(message));
    }

    @Override
    public void trace(Object message, Throwable cause) {
      to.trace(Objects.toString(message), cause);
    }

    @Override
    public void debug(Object message) {
      to.debug(Objects.toString(message));
    }

    @Override
    public void debug(Object message, Throwable cause) {
      to.debug(Objects.toString(message), cause);
    }

    @Override
    public void info(Object message) {
      to.info(Objects.toString(message));
    }

    @Override
    public void info(Object message, Throwable cause) {
      to.info(Objects.toString(message), cause);
    }

    @Override
    public void warn(Object message) {
      to.warn(Objects.toString(message));
    }

    @Override
    public void warn(Object message, Throwable cause) {
      to.warn(Objects.toString(message), cause);
    }

    @Override
    public void error(Object message) {
      to.error(Objects.toString(message));
    }

    @Override
    public void error(Object message, Throwable cause) {
      to.error(Objects.toString(message), cause);
    }
  }

  @SuppressWarnings("serial") // Netty's loggers are serializable, and read back by name
  private static final class NettyLogger extends AbstractInternalLogger {
    private static final long serialVersionUID = 1;

    private final transient Logger to;

    NettyLogger(String name) {
      super(name);
      this.to = Log.ofLibrary(name);
    }

    @Override
    public boolean isTraceEnabled() {
      return to.isTraceEnabled();
    }

    @Override
    public void trace(String message) {
      to.trace(message);
    }

    @Override
    public void trace(String format, @Nullable Object argument) {
      to.trace(format, argument);
    }

    @Override
    public void trace(String format, @Nullable Object first, @Nullable Object second) {
      to.trace(format, first, second);
    }

    @Override
    public void trace(String format, @Nullable Object... arguments) {
      to.trace(format, arguments);
    }

    @Override
    public void trace(String message, @Nullable Throwable cause) {
      to.trace(message, cause);
    }

    @Override
    public boolean isDebugEnabled() {
      return to.isDebugEnabled();
    }

    @Override
    public void debug(String message) {
      to.debug(message);
    }

    @Override
    public void debug(String format, @Nullable Object argument) {
      to.debug(format, argument);
    }

    @Override
    public void debug(String format, @Nullable Object first, @Nullable Object second) {
      to.debug(format, first, second);
    }

    @Override
    public void debug(String format, @Nullable Object... arguments) {
      to.debug(format, arguments);
    }

    @Override
    public void debug(String message, @Nullable Throwable cause) {
      to.debug(message, cause);
    }

    @Override
    public boolean isInfoEnabled() {
      return to.isInfoEnabled();
    }

    @Override
    public void info(String message) {
      to.info(message);
    }

    @Override
    public void info(String format, @Nullable Object argument) {
      to.info(format, argument);
    }

    @Override
    public void info(String format, @Nullable Object first, @Nullable Object second) {
      to.info(format, first, second);
    }

    @Override
    public void info(String format, @Nullable Object... arguments) {
      to.info(format, arguments);
    }

    @Override
    public void info(String message, @Nullable Throwable cause) {
      to.info(message, cause);
    }

    @Override
    public boolean isWarnEnabled() {
      return to.isWarnEnabled();
    }

    @Override
    public void warn(String message) {
      to.warn(message);
    }

    @Override
    public void warn(String format, @Nullable Object argument) {
      to.warn(format, argument);
    }

    @Override
    public void warn(String format, @Nullable Object first, @Nullable Object second) {
      to.warn(format, first, second);
    }

    @Override
    public void warn(String format, @Nullable Object... arguments) {
      to.warn(format, arguments);
    }

    @Override
    public void warn(String message, @Nullable Throwable cause) {
      to.warn(message, cause);
    }

    @Override
    public boolean isErrorEnabled() {
      return to.isErrorEnabled();
    }

    @Override
    public void error(String message) {
      to.error(message);
    }

    @Override
    public void error(String format, @Nullable Object argument) {
      to.error(format, argument);
    }

    @Override
    public void error(String format, @Nullable Object first, @Nullable Object second) {
      to.error(format, first, second);
    }

    @Override
    public void error(String format, @Nullable Object... arguments) {
      to.error(format, arguments);
    }

    @Override
    public void error(String message, @Nullable Throwable cause) {
      to.error(message, cause);
    }
  }
}
