package dev.dormouse.log;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.helpers.NOPLoggerFactory;

/**
 * The factory of the product's loggers. Their lines wait in one bounded queue, and the thread
 * {@code dormouse-log} hands them to the application's logger. So a log that cannot be written
 * stops no thread that serves, commits or closes. Lines that do not fit are lost: {@link #lost}
 * counts them, and a line reports them when the log can be written again.
 *
 * <p>Lines have no control characters, whoever chose their text; see {@link Printable}.
 *
 * <p>A line keeps the labels (MDC) and the name of the thread that logged it. Its time is the
 * moment at which the application's logger gets it.
 *
 * <p>Without a logger (no SLF4J provider on the class path), the lines go to the standard error
 * stream: those of the product from INFO on, those of the libraries below it from WARN on.
 *
 * <p>Any thread may call every method.
 */
public final class Log {
  /** The label (MDC) of a line that names an actor: its type. */
  public static final String ACTOR_TYPE = "dormouse.actor.type";

  /** The label of a line that names an actor: its key. */
  public static final String ACTOR_KEY = "dormouse.actor.key";

  /** The label of a line that names a connection. */
  public static final String CONNECTION = "dormouse.connection";

  /** The limit of the lines that wait, in bytes: a 64th of the heap, 256 KiB to 8 MiB. */
  static final long BYTES_MAX =
      Math.max(256L << 10, Math.min(8L << 20, Runtime.getRuntime().maxMemory() / 64));

  private static final int LINE_CHARS_MAX = 64 << 10;
  private static final long LINE_BYTES = 256;
  private static final long STACK_TRACE_BYTES = 4 << 10;

  private static final boolean HAS_NO_LOGGER = isNone(LoggerFactory.getILoggerFactory());
  private static final Logger ROOT = LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private static final QueuedLogger OWN = new QueuedLogger(Log.class.getName(), false);
  private static final LossyQueue<Line> LINES =
      new LossyQueue<>("dormouse-log", BYTES_MAX, line -> line.printable().write(), Log::report);

  private static final List<Consumer<Throwable>> LISTENERS = new CopyOnWriteArrayList<>();

  /** The time that the end of the process waits for lines that are not written yet. */
  private static final Duration LAST_LINES_LIMIT = Duration.ofSeconds(1);

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Log::flush, "dormouse-log-end"));
  }

  private Log() {}

  /** Starts the thread that writes, so that a process that gets no more threads can still log. */
  public static void prepare() {
    LINES.prepare();
  }

  /** Returns the logger of a class of the product. It never blocks its caller. */
  public static Logger of(Class<?> type) {
    return of(type.getName());
  }

  /** Returns the logger of that name. It never blocks its caller. */
  public static Logger of(String name) {
    return new QueuedLogger(name, false);
  }

  /**
   * Returns the logger of a library that the product runs on. It never blocks its caller. A library
   * tells in hundreds of DEBUG lines what it has found at its start; these are logged only if its
   * level is lower than that of the root logger, so that someone has asked for them by name.
   */
  public static Logger ofLibrary(String name) {
    return new QueuedLogger(name, true);
  }

  /**
   * Adds a listener to the throwables that the product catches: those that are logged, before their
   * lines are queued, and those that {@link #caught} is given. So an Error that must end the
   * process is noticed even if its line is lost.
   *
   * @param onCaught called by the thread that caught the throwable, which must not be held up
   * @return removes the listener; idempotent
   */
  public static Runnable listen(Consumer<Throwable> onCaught) {
    LISTENERS.add(onCaught);
    return () -> LISTENERS.remove(onCaught);
  }

  /** Notes a throwable that was caught and perhaps not logged, because there were many like it. */
  public static void caught(Throwable cause) {
    LISTENERS.forEach(listener -> listener.accept(cause));
  }

  /** Returns the number of lines lost so far, in the queue and in those of the standard streams. */
  public static long lost() {
    return LINES.lost() + StandardStreams.lost();
  }

  /** Waits at most a second for lines that are not written yet, as the end of a process should. */
  public static void flush() {
    boolean unused = flush(LAST_LINES_LIMIT);
  }

  /**
   * Waits until all lines that were logged before are written, but no longer than the limit. An
   * interrupt ends the wait and stays set.
   *
   * @return whether they are written
   */
  public static boolean flush(Duration limit) {
    return LINES.flush(limit) && StandardStreams.flush(limit);
  }

  private static boolean isNone(@Nullable ILoggerFactory factory) {
    return factory == null || factory instanceof NOPLoggerFactory;
  }

  private static void report(long number) {
    new Line(
            OWN,
            Level.WARN,
            null,
            number + " log lines were lost, because the log could not be written fast enough",
            null,
            null,
            Thread.currentThread().getName())
        .write();
  }

  /** A line with everything that the application's logger gets. */
  private record Line(
      QueuedLogger by,
      Level level,
      @Nullable Marker marker,
      String message,
      @Nullable Throwable cause,
      @Nullable Map<String, String> labels,
      String thread) {

    long bytes() {
      return LINE_BYTES + 2L * message.length() + (cause == null ? 0 : STACK_TRACE_BYTES);
    }

    void write() {
      Thread writer = Thread.currentThread();
      if (!writer.getName().equals(thread)) {
        writer.setName(thread); // for loggers that print it
      }
      if (labels == null) {
        MDC.clear();
      } else {
        MDC.setContextMap(labels);
      }
      if (HAS_NO_LOGGER) {
        print(System.err);
      } else {
        hand(by.to);
      }
    }

    /** Returns this line in printable characters, because clients choose some of its text. */
    Line printable() {
      return new Line(
          by,
          level,
          marker,
          Printable.line(message),
          cause == null ? null : Printable.throwable(cause),
          labels,
          thread);
    }

    private void hand(Logger to) {
      switch (level) {
        case ERROR -> to.error(marker, message, cause);
        case WARN -> to.warn(marker, message, cause);
        case INFO -> to.info(marker, message, cause);
        case DEBUG -> to.debug(marker, message, cause);
        case TRACE -> to.trace(marker, message, cause);
      }
    }

    private void print(PrintStream out) {
      String name = by.getName();
      out.println(
          "%s %-5s [%s] %s: %s"
              .formatted(
                  Instant.now().truncatedTo(ChronoUnit.MILLIS),
                  level,
                  thread,
                  name.substring(name.lastIndexOf('.') + 1),
                  message));
      if (cause != null) {
        cause.printStackTrace(out);
      }
    }
  }

  /**
   * Returns the labels of a line: those of the thread, and those of the actor and the connection
   * that the line names.
   */
  private static @Nullable Map<String, String> labels(@Nullable Object @Nullable [] arguments) {
    Map<String, String> labels = MDC.getCopyOfContextMap();
    if (arguments != null) {
      for (Object argument : arguments) {
        if (argument instanceof ActorId actor) {
          labels = labels == null ? new HashMap<>() : labels;
          labels.put(ACTOR_TYPE, actor.type());
          labels.put(ACTOR_KEY, actor.key());
        } else if (argument instanceof ConnectionId connection) {
          labels = labels == null ? new HashMap<>() : labels;
          labels.put(CONNECTION, connection.toString());
        }
      }
    }
    return labels;
  }

  /** A logger that puts lines into the queue for the application's logger. */
  @SuppressWarnings("serial") // SLF4J's loggers are serializable; this one is read back by its name
  private static final class QueuedLogger extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;

    private final transient Logger to;
    private final transient boolean isOfLibrary;

    QueuedLogger(String name, boolean isOfLibrary) {
      this.name = name;
      this.to = LoggerFactory.getLogger(name);
      this.isOfLibrary = isOfLibrary;
    }

    private boolean isEnabledWithoutLogger(Level level) {
      return level.toInt() >= (isOfLibrary ? Level.WARN : Level.INFO).toInt();
    }

    private boolean isWanted(Level level) {
      if (HAS_NO_LOGGER) {
        return isEnabledWithoutLogger(level);
      }
      return to.isEnabledForLevel(level) && !(isOfLibrary && isForNobody(level));
    }

    private static boolean isForNobody(Level level) {
      return level.toInt() < Level.INFO.toInt() && ROOT.isEnabledForLevel(level);
    }

    @Override
    public boolean isTraceEnabled() {
      return isWanted(Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
      return isWanted(Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
      return isWanted(Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
      return isWanted(Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
      return isWanted(Level.ERROR);
    }

    @Override
    protected String getFullyQualifiedCallerName() {
      return QueuedLogger.class.getName();
    }

    @Override
    protected void handleNormalizedLoggingCall(
        Level level,
        @Nullable Marker marker,
        @Nullable String format,
        @Nullable Object @Nullable [] arguments,
        @Nullable Throwable cause) {
      if (cause != null) {
        caught(cause);
      }
      String message = Objects.toString(MessageFormatter.basicArrayFormat(format, arguments), "");
      if (message.length() > LINE_CHARS_MAX) {
        message = message.substring(0, LINE_CHARS_MAX) + "…";
      }
      Line line =
          new Line(
              this,
              level,
              marker,
              message,
              cause,
              labels(arguments),
              Thread.currentThread().getName());
      LINES.put(line, line.bytes());
    }
  }
}
