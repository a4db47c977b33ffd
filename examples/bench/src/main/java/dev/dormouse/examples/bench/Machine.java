package dev.dormouse.examples.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Decides how child processes are started: by which JVM, with which class path, on which core.
 *
 * @param java the JVM of the servers
 * @param jvmArguments the arguments of those JVMs
 * @param isPinned whether servers run on one core and the client on another
 */
record Machine(Path java, List<String> jvmArguments, boolean isPinned) {
  private static final int SERVER_CORE = 0;
  private static final int CLIENT_CORE = 1;

  /** Returns whether {@code taskset} exists and each side can have a core of its own. */
  static boolean canPin() {
    if (Runtime.getRuntime().availableProcessors() < 2) {
      return false;
    }
    try {
      Process probe = new ProcessBuilder("taskset", "--version").redirectErrorStream(true).start();
      probe.getInputStream().readAllBytes();
      return probe.waitFor(10, TimeUnit.SECONDS) && probe.exitValue() == 0;
    } catch (IOException thereIsNone) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  List<String> server(Class<?> main, List<String> arguments) {
    List<String> command = pinned(SERVER_CORE);
    command.add(java.toString());
    command.addAll(jvmArguments);
    return with(command, main, arguments);
  }

  List<String> client(Class<?> main, List<String> arguments) {
    List<String> command = pinned(CLIENT_CORE);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx1g"));
    return with(command, main, arguments);
  }

  private static List<String> with(List<String> command, Class<?> main, List<String> arguments) {
    command.addAll(
        List.of(
            "-XX:+IgnoreUnrecognizedVMOptions",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName()));
    command.addAll(arguments);
    return command;
  }

  private List<String> pinned(int core) {
    return isPinned
        ? new ArrayList<>(List.of("taskset", "-c", Integer.toString(core)))
        : new ArrayList<>();
  }

  /** Describes the machine in words, since a figure is worth nothing without them. */
  String describe() {
    return "%d cores (%s), %s, JVM %s, servers with %s%s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            processor(),
            System.getProperty("os.name") + " " + System.getProperty("os.version"),
            java,
            String.join(" ", jvmArguments),
            isPinned ? ", server and client on a core each" : ", not pinned");
  }

  private static String processor() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).trim())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
