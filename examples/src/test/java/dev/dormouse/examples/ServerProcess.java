package dev.dormouse.examples;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The examples' jar in its own process, with everything a user has: flags, output, ports, signals.
 */
final class ServerProcess implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile("listening +http(?<tls>s?)://127\\.0\\.0\\.1:(?<port>\\d+)");
  private static final Pattern ADMIN =
      Pattern.compile("admin +http://127\\.0\\.0\\.1:(?<port>\\d+) ");
  private static final Pattern UP = Pattern.compile("pid \\d+, up in \\d+ ms\n");

  private final Child process;
  private final String tls;
  private final int port;
  private final int adminPort;

  private ServerProcess(Child process) throws InterruptedException {
    this.process = process;
    try {
      Matcher listening = process.awaitOutput(LISTENING);
      this.tls = listening.group("tls");
      this.port = Integer.parseInt(listening.group("port"));
      this.adminPort = Integer.parseInt(process.awaitOutput(ADMIN).group("port"));
      process.awaitOutput(UP);
    } catch (InterruptedException | RuntimeException | Error e) {
      process.close();
      throw e;
    }
  }

  /** Starts the server on free ports, unless flags name some, and waits until it is up. */
  static ServerProcess start(Path data, String... flags) throws Exception {
    return start(data.getParent(), Map.of(), withPorts(data, flags));
  }

  /**
   * Starts a server with {@link TestActors} too and these options of the JVM, and waits for it.
   * Without options it has those of {@link QuickStart}.
   */
  static ServerProcess startTestActors(Path data, List<String> jvm, String... flags)
      throws Exception {
    return new ServerProcess(launchTestActors(data, jvm, flags));
  }

  /**
   * Starts a server with {@link TestActors} in a process that may have this number of files open.
   */
  static ServerProcess startTestActorsWithHandles(Path data, int handles, String... flags)
      throws Exception {
    return new ServerProcess(launchTestActorsWithHandles(data, handles, flags));
  }

  /** Launches a server that may have this number of files open, and waits for nothing. */
  static Child launchTestActorsWithHandles(Path data, int handles, String... flags)
      throws IOException {
    String limited = "ulimit -n %d && exec \"$@\"".formatted(handles);
    return launchTestActors(List.of("sh", "-c", limited, "sh"), data, List.of(), flags);
  }

  /** Starts a server with {@link TestActors} by a command that runs the one that follows it. */
  static ServerProcess startTestActorsBy(List<String> before, Path data, String... flags)
      throws Exception {
    return new ServerProcess(launchTestActors(before, data, List.of(), flags));
  }

  /**
   * Launches a server with {@link TestActors}, and waits for nothing. Without options of the JVM it
   * has those of {@link QuickStart}.
   */
  static Child launchTestActors(Path data, List<String> jvm, String... flags) throws IOException {
    return launchTestActors(List.of(), data, jvm, flags);
  }

  private static Child launchTestActors(
      List<String> before, Path data, List<String> jvm, String... flags) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(System.getProperty("dormouse.test.java"));
    // These options repeat the jar's manifest; a JVM too old for one of them ignores it.
    command.addAll(
        List.of(
            "-XX:+IgnoreUnrecognizedVMOptions",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow"));
    command.addAll(before.isEmpty() && jvm.isEmpty() ? QuickStart.options() : jvm);
    String tests = TestActors.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    command.addAll(List.of("-cp", jar() + File.pathSeparator + tests, TestActors.class.getName()));
    command.addAll(List.of(withPorts(data, flags)));
    return Child.start(data.getParent(), Map.of(), command);
  }

  private static String[] withPorts(Path data, String... flags) {
    List<String> args = new ArrayList<>(List.of(flags));
    if (!args.contains("--port")) {
      args.addAll(List.of("--port", "0"));
    }
    if (!args.contains("--admin-port")) {
      args.addAll(List.of("--admin-port", "0"));
    }
    args.addAll(List.of("--data", data.toString()));
    return args.toArray(String[]::new);
  }

  /** Starts the server with just these variables and flags, and waits until it is up. */
  static ServerProcess start(Path directory, Map<String, String> variables, String... flags)
      throws Exception {
    return new ServerProcess(launch(directory, variables, flags));
  }

  /** Takes over a server that was started in another way, and waits until it is up. */
  static ServerProcess of(Child process) throws InterruptedException {
    return new ServerProcess(process);
  }

  /** Launches the server, with the options of {@link QuickStart}, and waits for nothing. */
  static Child launch(Path directory, Map<String, String> variables, String... flags)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("dormouse.test.java"));
    command.addAll(QuickStart.options());
    command.add("-jar");
    command.add(jar());
    command.addAll(List.of(flags));
    return Child.start(directory, variables, command);
  }

  static String jar() {
    return Path.of(System.getProperty("dormouse.examples.jar")).toAbsolutePath().toString();
  }

  int port() {
    return port;
  }

  int adminPort() {
    return adminPort;
  }

  long pid() {
    return process.pid();
  }

  String output() {
    return process.output();
  }

  URI http(String path) {
    return URI.create("http%s://127.0.0.1:%d%s".formatted(tls, port, path));
  }

  Admin admin() {
    return new Admin(URI.create("http://127.0.0.1:" + adminPort));
  }

  URI socket(String path) {
    return URI.create("ws%s://127.0.0.1:%d%s".formatted(tls, port, path));
  }

  Client connect(String path) throws Exception {
    return Client.connect(socket(path));
  }

  /** Leaves the output unread, or reads on. */
  void leaveUnread(boolean isUnread) {
    process.leaveUnread(isUnread);
  }

  /** Waits until the server has printed this. */
  void awaitOutput(Pattern wanted) throws InterruptedException {
    process.awaitOutput(wanted);
  }

  /** Sends SIGKILL, without waiting for the end. */
  void kill9() {
    process.kill();
  }

  boolean endsWithin(Duration limit) throws InterruptedException {
    return process.endsWithin(limit);
  }

  int awaitExit() throws InterruptedException {
    return process.awaitExit();
  }

  /** Sends SIGTERM, without waiting for the end. */
  void terminate() {
    process.terminate();
  }

  /**
   * Sends SIGTERM and waits for the end.
   *
   * @return the exit code
   */
  int stop() throws InterruptedException {
    process.terminate();
    return process.awaitExit();
  }

  @Override
  public void close() {
    process.close();
  }
}
