package dev.dormouse.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A process that a test started: its output is kept, every wait is bounded, and the process is
 * ended.
 */
final class Child implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(60);

  private final Process process;
  private final Thread reader;
  private final Object lock = new Object();
  private final StringBuilder output = new StringBuilder();
  private boolean isOutputAtEnd;
  private boolean isUnread;

  private Child(Process process) {
    this.process = process;
    this.reader = new Thread(this::read, "output of " + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts a process; its variables {@code DORMOUSE_…} are those given, and no others. */
  static Child start(Path directory, Map<String, String> variables, List<String> command)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("DORMOUSE_"));
    builder.environment().putAll(variables);
    return new Child(builder.start());
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        synchronized (lock) {
          output.append(line).append('\n');
          lock.notifyAll();
          while (isUnread) {
            lock.wait();
          }
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      synchronized (lock) {
        isOutputAtEnd = true;
        lock.notifyAll();
      }
    }
  }

  /**
   * Leaves the output unread from the next line on, or reads on; the end of the output is read
   * anyway.
   */
  void leaveUnread(boolean isUnread) {
    synchronized (lock) {
      this.isUnread = isUnread;
      lock.notifyAll();
    }
  }

  /** Waits until the process has printed this. */
  Matcher awaitOutput(Pattern wanted) throws InterruptedException {
    return awaitOutput(wanted, LIMIT);
  }

  /** Waits until a slow process has printed this. */
  Matcher awaitOutput(Pattern wanted, Duration limit) throws InterruptedException {
    long deadlineNs = System.nanoTime() + limit.toNanos();
    synchronized (lock) {
      while (true) {
        Matcher matcher = wanted.matcher(output.toString());
        if (matcher.find()) {
          return matcher;
        }
        long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
        if (isOutputAtEnd || leftMs <= 0) {
          throw new AssertionError("it did not print '" + wanted + "' but:\n" + output);
        }
        lock.wait(leftMs);
      }
    }
  }

  /** Writes a line to the standard input of the process. */
  void tell(String line) throws IOException {
    Writer input = process.outputWriter(StandardCharsets.UTF_8);
    input.write(line + "\n");
    input.flush();
  }

  long pid() {
    return process.pid();
  }

  /** Sends SIGTERM. The output stays open; {@link Process#destroy} would close it. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** Sends SIGKILL. */
  void kill() {
    process.toHandle().destroyForcibly();
  }

  /** Returns whether the process ends within this time, whether or not its output is read. */
  boolean endsWithin(Duration limit) throws InterruptedException {
    return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits for the end of the process, and for all its output. */
  int awaitExit() throws InterruptedException {
    return awaitExit(LIMIT);
  }

  /** Waits for the end of a slow process, and for all its output. */
  int awaitExit(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("it did not end but printed:\n" + output());
    }
    leaveUnread(false);
    reader.join(LIMIT.toMillis());
    return process.exitValue();
  }

  /** Returns the output so far, of both streams. */
  String output() {
    synchronized (lock) {
      return output.toString();
    }
  }

  /** Kills the process and all processes that it started. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    kill();
    try {
      awaitExit();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
