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
 * The end of a process that cannot go on: what it says, in one line, and its exit code. It is no
 * stop in good order: nothing that was answered is lost, and the next start tells actors who is
 * gone, as after a crash.
 *
 * <p>Immutable; any thread.
 */
public final class ProcessEnd {
  /** Exit code: memory is exhausted. The JVM's own {@code ExitOnOutOfMemoryError} has the same. */
  public static final int OUT_OF_MEMORY = 3;

  /** Exit code: a part without which the server cannot go on has ended. */
  public static final int FAILED = 70;

  /** Exit code: the store failed, so nobody knows what the disk holds until it is read anew. */
  public static final int STORE_FAILED = 74;

  /** Exit code: a part has not moved for too long, or a stop took too long. */
  public static final int STALLED = 75;

  /** How long writing may take: the far end of the error stream need not read. */
  private static final Duration LAST_WORDS_LIMIT = Duration.ofSeconds(2);

  private static final int CAUSES_MAX = 16;

  /** Made beforehand, since there may be no memory for it later. */
  private static final ProcessEnd WITHOUT_MEMORY =
      new ProcessEnd(OUT_OF_MEMORY, "memory is exhausted; the process ends");

  private static final FileOutputStream ERRORS = new FileOutputStream(FileDescriptor.err);
  private static final Guard GUARD = Guard.started();

  private final int exitCode;
  private final String why;
  private final byte[] line;

  public ProcessEnd(int exitCode, String why) {
    this.exitCode = exitCode;
    this.why = why;
    this.line = ("dormouse: " + why + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Loads what an end needs, and starts its thread, while there is memory for them. */
  public static void prepare() {
    // Whoever calls this has loaded the class, which does it.
  }

  /**
   * The end of a process in which this was thrown, whoever threw it; null if that costs no more
   * than what was being done. Heap and direct memory are shared by all, so the want of them is
   * everybody's. A thread that cannot be made, or an array that no heap could hold, is not.
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

  /** What the process returns: one of the codes above. */
  public int exitCode() {
    return exitCode;
  }

  /** Why it ends, in words. */
  public String why() {
    return why;
  }

  /**
   * Writes the line to the standard error stream and ends the JVM at once, without its shutdown
   * hooks. Does not return. That takes two seconds at most: if nobody reads the stream, the line is
   * lost, and so are lines of the log.
   */
  public void halt() {
    GUARD.haltSoon(exitCode);
    try {
      ERRORS.write(line);
      Log.flush();
    } catch (IOException nobodyReads) {
      // There is nothing left to tell it to.
    } finally {
      Runtime.getRuntime().halt(exitCode);
    }
  }

  @Override
  public String toString() {
    return exitCode + ": " + why;
  }

  /** A thread that ends the process if who is to end it is held up by its last words. */
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
