package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the jar in a process that may have few threads. */
class ThreadsIT {
  private static final int THREADS = 100;
  private static final int ACTORS = 150;

  @TempDir private Path directory;

  @Test
  @DisplayName("F26: more handlers block than there may be threads: all are answered, none closed")
  void moreHandlersBlockThanThereMayBeThreads() throws Exception {
    Optional<ProcessGroup> possible = ProcessGroup.ofThreads(THREADS);
    if (possible.isEmpty()) {
      Machine.lacks("no group of processes can be made (cgroup, pids.max)");
    }
    try (ProcessGroup limit = possible.orElseThrow();
        ServerProcess server =
            ServerProcess.startTestActorsBy(limit.command(), directory.resolve("data"))) {
      Client idle = server.connect("/echo/idle");
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < ACTORS; i++) {
        clients.add(server.connect("/pause/" + i));
      }
      long startNs = System.nanoTime();
      for (Client client : clients) {
        client.send("2000");
      }
      for (Client client : clients) {
        assertThat(client.nextText()).isEqualTo("2000");
      }
      System.out.printf(
          "%d handlers that block 2 s, %d threads at most: answered in %.1f s, %d threads"
              + " refused%n",
          ACTORS, THREADS, (System.nanoTime() - startNs) / 1e9, limit.refused());
      assertThat(idle.ask("still here")).isEqualTo("still here");
      if (Runtime.version().feature() < 21) {
        assertThat(limit.refused()).isPositive();
        assertThat(server.output()).contains("a thread for handlers could not be made");
      }
    }
  }
}
