package dev.dormouse.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A group of processes (cgroup, of either version) with a limit on threads or memory. It must be
 * closed after its processes have ended.
 */
final class ProcessGroup implements AutoCloseable {
  private final Path group;

  private ProcessGroup(Path group) {
    this.group = group;
  }

  /**
   * Limits threads. The result is empty where no group can be made: that takes root, and the
   * system's consent.
   */
  static Optional<ProcessGroup> ofThreads(int threads) {
    return of("pids", List.of("pids.max"), String.valueOf(threads));
  }

  /** Limits memory. The result is empty where no group can be made. */
  static Optional<ProcessGroup> ofMemory(long bytes) {
    return of("memory", List.of("memory.max", "memory.limit_in_bytes"), String.valueOf(bytes));
  }

  private static Optional<ProcessGroup> of(String controller, List<String> files, String limit) {
    Path root = Path.of("/sys/fs/cgroup");
    for (Path parent : List.of(root.resolve(controller), root)) {
      Path group = parent.resolve("dormouse-test-" + ProcessHandle.current().pid());
      try {
        Files.createDirectory(group);
        for (String file : files) {
          if (Files.isWritable(group.resolve(file))) {
            Files.writeString(group.resolve(file), limit);
            return Optional.of(new ProcessGroup(group));
          }
        }
        Files.delete(group);
      } catch (IOException e) {
        System.out.println(group + " cannot be made: " + e);
      }
    }
    return Optional.empty();
  }

  /** Returns the beginning of a command line that runs the rest of the line in the group. */
  List<String> command() {
    String enter = "echo $$ > %s && exec \"$@\"".formatted(group.resolve("cgroup.procs"));
    return List.of("sh", "-c", enter, "sh");
  }

  /** Returns how often a thread was refused. */
  long refused() throws IOException {
    return Long.parseLong(Files.readString(group.resolve("pids.events")).strip().split(" ")[1]);
  }

  @Override
  public void close() throws IOException {
    Files.delete(group);
  }
}
