package dev.dormouse.storage;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM with the tests' class path, which is dead after {@link #close}. */
public final class ChildProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;

  private ChildProcess(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
  }

  public static ChildProcess start(Class<?> main, String... args) throws IOException {
    return start(List.of(), main, args);
  }

  /** Starts a class in a process of its own, with flags for the JVM. */
  public static ChildProcess start(List<String> flags, Class<?> main, String... args)
      throws IOException {
    return start(List.of(), flags, main, args);
  }

  /** Starts a class in a process that may have this number of files open. */
  public static ChildProcess startWithHandles(int handles, Class<?> main, String... args)
      throws IOException {
    String limited = "ulimit -n %d && exec \"$@\"".formatted(handles);
    return start(List.of("sh", "-c", limited, "sh"), List.of(), main, args);
  }

  private static ChildProcess start(
      List<String> before, List<String> flags, Class<?> main, String... args) throws IOException {
    String java =
        System.getProperty(
            "dormouse.test.java",
            Path.of(System.getProperty("java.home"), "bin", "java").toString());
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(java, "-XX:+IgnoreUnrecognizedVMOptions", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(args));
    return new ChildProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  public long pid() {
    return process.pid();
  }

  /** Returns the next line that the process prints; null if the process ended. */
  public String line() throws IOException {
    return out.readLine();
  }

  /** Sends SIGKILL, and waits until the process is dead; its output can still be read. */
  public void kill() {
    process.toHandle().destroyForcibly(); // Process.destroyForcibly closes the output
    process.onExit().join();
  }

  @Override
  public void close() {
    kill();
  }
}
