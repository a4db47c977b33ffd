package dev.dormouse.server.options;

import dev.dormouse.log.Log;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Describes why a process that cannot continue ends: one line of text and an exit code. Such an end
 * is like a crash, not a stop in good order: nothing that was answered is lost (as far as the
 * {@code Durability} promises), and the next start tells actors which connections are gone.
 *
 * <p>Immutable; any thread may use it.
 */
public final class ProcessEnd {
  /**
   * Exit code: memory is exhausted. The JVM's own {@code ExitOnOutOfMemoryError} exits with this
   * code too.
   */
  public static final int OUT_OF_MEMORY = 3;

  /** Exit code: a part that the server needs has ended. */
  public static final int FAILED = 70;

  /** Exit code: the store failed, so the state on disk is unknown until the next start reads it. */
  public static final int STORE_FAILED = 74;

  /** Exit code: a part has made no progress for too long, or a stop took too long. */
  public static final int STALLED = 75;

  /**
   * The longest time to write the last line; a reader of the error stream may be slow or absent.
   */
  private static final Duration LAST_WORDS_LIMIT = Duration.ofSeconds(2);

  private static final int CAUSES_MAX = 16;

  /** The description that is made at class loading, since there may be no memory for it later. */
  private static final ProcessEnd WITHOUT_MEMORY =
      new ProcessEnd(OUT_OF_MEMORY, "memory is exhausted; the process ends");

  private static final FileOutputStream ERRORS = new FileOutputStream(FileDescriptor.err);
  private static final Guard GUARD = Guard.started();

  private final int exitCode;
  private final String why;
  private final byte[] line;

  /**
   * Creates an end with an exit code and a reason.
   *
   * @param why the reason in words, on one line
   */
  public ProcessEnd(int exitCode, String why) {
    this.exitCode = exitCode;
    this.why = why;
    this.line = ("dormouse: " + why + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Loads the classes of an end and starts its thread, while there is memory for them. */
  public static void prepare() {
    // Calling this method has loaded the class, which does all of it.
  }

  /**
   * Returns the end of a process in which this was thrown on any thread; null if the process can
   * continue. The process ends if heap or direct memory is exhausted, since all threads share them.
   * A thread that cannot be made, or an array larger than any heap, does not end the process.
   */
  public static @Nullable ProcessEnd of(Throwable thrown) {
    Throwable cause = thrown;
    for (int i = 0; i < CAUSES_MAX && cause != null; i++) {
      if (cause instanceof OutOfMemoryError error && isForAll(error)) {
        return WITHOUT_MEMORY.because(error);
      }
      cause = cause.getCause();
    }
    return null;
  }

  private static boolean isForAll(OutOfMemoryError error) {
    String message = error.getMessage();
    return message == null
        || !(message.contains("native thread")
            || message.startsWith("Requested array size exceeds VM limit")
            || message.startsWith("Required "));
  }

  private ProcessEnd because(OutOfMemoryError error) {
    try {
      return new ProcessEnd(exitCode, "memory is exhausted (" + error + "); the process ends");
    } catch (OutOfMemoryError noMemoryForTheReason) {
      return this;
    }
  }

  /** Returns the exit code of the process: usually one of the constants of this class. */
  public int exitCode() {
    return exitCode;
  }

  /** Returns the reason for the end, in words. */
  public String why() {
    return why;
  }

  /**
   * Writes the line to the standard error stream and ends the JVM at once, without its shutdown
   * hooks. The call does not return. The end takes at most two seconds: if the stream takes nothing
   * in that time, the line is lost, and so are queued lines of the log.
   */
  public void halt() {
    GUARD.haltSoon(exitCode);
    try {
      ERRORS.write(line);
      Log.flush();
    } catch (IOException nobodyReads) {
      // The process has no other stream to report this failure to.
    } finally {
      Runtime.getRuntime().halt(exitCode);
    }
  }

  @Override
  public String toString() {
    return exitCode + ": " + why;
  }

  /** Ends the process if the thread that is ending it is stuck while writing the last line. */
  private static final class Guard implements Runnable {
    private static final int NONE = -1;

    private volatile int code = NONE;
    private @Nullable Thread thread;

    static Guard started() {
      Guard guard = new Guard();
      Thread thread = new Thread(guard, "dormouse-end");
      thread.setDaemon(true);
      guard.thread = thread;
      thread.start();
      return guard;
    }

    void haltSoon(int exitCode) {
      code = exitCode;
      LockSupport.unpark(thread);
    }

    @Override
    public void run() {
      while (code == NONE) {
        LockSupport.park(this);
      }
      LockSupport.parkNanos(LAST_WORDS_LIMIT.toNanos());
      Runtime.getRuntime().halt(code);
    }
  }
}
