package dev.dormouse.examples.bench;

import dev.dormouse.examples.Examples;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A server in a process of its own, on a folder of its own. */
final class ServerProcess implements AutoCloseable {
  /** The text before the port in a server's output. */
  static final String PORT = "listening    http://127.0.0.1:";

  private static final Pattern LISTENING = Pattern.compile(Pattern.quote(PORT) + "(\\d+)");
  private static final Pattern ADMIN =
      Pattern.compile("admin        http://127\\.0\\.0\\.1:(\\d+)");
  private static final int LIMIT_SECONDS = 60;
  private static final int CONNECTIONS_MAX = 19_400;

  private final Process process;
  private final @Nullable Path folder;
  private final CompletableFuture<Integer> port = new CompletableFuture<>();
  private final CompletableFuture<Integer> adminPort = new CompletableFuture<>();
  private final List<String> output = new ArrayList<>();

  private ServerProcess(List<String> command, @Nullable Path folder) {
    this.folder = folder;
    try {
      this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread reader = new Thread(this::read, "server-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts the examples as a user runs them, on one event loop.
   *
   * @param durability {@code fsync}, {@code wal} or {@code memory}
   * @param idleMs after how long an actor sleeps
   */
  static ServerProcess dormouse(Machine machine, String durability, long idleMs) {
    try {
      Path folder = Files.createTempDirectory("dormouse-bench");
      List<String> arguments = new ArrayList<>();
      arguments.addAll(List.of("--port", "0", "--admin-port", "0", "--event-loops", "1"));
      arguments.addAll(List.of("--data", folder.toString(), "--durability", durability));
      arguments.addAll(List.of("--idle", idleMs + "ms", "--drain", "1s"));
      arguments.addAll(List.of("--max-connections", String.valueOf(CONNECTIONS_MAX)));
      arguments.addAll(List.of("--max-connections-per-ip", "any")); // all come from this machine
      return new ServerProcess(machine.server(Examples.class, arguments), folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts the stock Vert.x server. */
  static ServerProcess baseline(Machine machine) {
    return new ServerProcess(machine.server(BaselineServer.class, List.of()), null);
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        synchronized (output) {
          output.add(line);
        }
        complete(adminPort, ADMIN.matcher(line));
        complete(port, LISTENING.matcher(line));
      }
    } catch (IOException e) {
      port.completeExceptionally(e);
    }
    IllegalStateException ended = new IllegalStateException("a server ended:\n" + output());
    port.completeExceptionally(ended);
    adminPort.completeExceptionally(ended);
  }

  private static void complete(CompletableFuture<Integer> future, Matcher matcher) {
    if (matcher.find()) {
      future.complete(Integer.valueOf(matcher.group(1)));
    }
  }

  private String output() {
    synchronized (output) {
      return String.join("\n", output);
    }
  }

  /** Waits until the server listens, and returns its port. */
  int port() {
    return port.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }

  /** Returns the port of the admin pages; 0 if the server has none. */
  int adminPort() {
    return folder == null ? 0 : adminPort.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    if (folder != null) {
      delete(folder);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      System.err.println(folder + " could not be deleted: " + e);
    }
  }
}
