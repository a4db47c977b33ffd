package dev.dormouse.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A group of processes (cgroup, of either version) that may have so many threads. To be closed when
 * they have ended.
 */
final class ThreadLimit implements AutoCloseable {
  private static final List<Path> PARENTS =
      List.of(Path.of("/sys/fs/cgroup/pids"), Path.of("/sys/fs/cgroup"));

  private final Path group;

  private ThreadLimit(Path group) {
    this.group = group;
  }

  /** Empty where none can be made: that takes root, and the system's consent. */
  static Optional<ThreadLimit> of(int threads) {
    for (Path parent : PARENTS) {
      Path group = parent.resolve("dormouse-test-" + ProcessHandle.current().pid());
      try {
        Files.createDirectory(group);
        if (Files.isWritable(group.resolve("pids.max"))) {
          Files.writeString(group.resolve("pids.max"), String.valueOf(threads));
          return Optional.of(new ThreadLimit(group));
        }
        Files.delete(group);
      } catch (IOException e) {
        System.out.println(group + " cannot be made: " + e);
      }
    }
    return Optional.empty();
  }

  /** Runs the command that follows it in the group. */
  List<String> command() {
    String enter = "echo $$ > %s && exec \"$@\"".formatted(group.resolve("cgroup.procs"));
    return List.of("sh", "-c", enter, "sh");
  }

  /** How often a thread was refused. */
  long refused() throws IOException {
    return Long.parseLong(Files.readString(group.resolve("pids.events")).strip().split(" ")[1]);
  }

  @Override
  public void close() throws IOException {
    Files.delete(group);
  }
}
