package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the jar without options for the JVM, in a container that has little memory. */
@Tag("full")
@Tag("once")
@Tag("F39")
class SmallMemoryIT {
  private static final long MIB = 1L << 20;
  private static final int CLIENTS = 40;
  private static final int LINES = 100;
  private static final int LINE = 60_000;

  @TempDir private Path directory;

  private static ProcessGroup group(long bytes) {
    Optional<ProcessGroup> possible = ProcessGroup.ofMemory(bytes);
    if (possible.isEmpty()) {
      Machine.lacks("no group of processes can be made (cgroup, memory)");
    }
    return possible.orElseThrow();
  }

  @Test
  @DisplayName("F39: in 320 MiB a server lives while 40 clients store 240 MB")
  void aServerWithLittleMemoryLives() throws Exception {
    Path data = directory.resolve("data");
    try (ProcessGroup group = group(320 * MIB);
        ServerProcess server = ServerProcess.startTestActorsBy(group.command(), data)) {
      assertThat(server.output()).doesNotContain("WARN");
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(server.connect("/journal/" + i));
      }
      String line = Client.textOf(LINE);
      for (int i = 0; i < LINES; i++) {
        for (Client client : clients) {
          client.send(line);
        }
        for (Client client : clients) {
          assertThat(client.next()).isInstanceOf(Client.Text.class);
        }
      }
      try (Client witness = server.connect("/echo/e")) {
        assertThat(witness.ask("alive")).isEqualTo("alive");
      }
      server.stop();
    }
  }

  @Test
  @DisplayName("F39: below the floor one line at the start says what is missing")
  void belowTheFloorOneLineSaysWhatIsMissing() throws Exception {
    Path data = Files.createDirectory(directory.resolve("below")).resolve("data");
    try (ProcessGroup group = group(240 * MIB);
        ServerProcess server = ServerProcess.startTestActorsBy(group.command(), data)) {
      assertThat(server.output().lines().filter(line -> line.contains("WARN")))
          .singleElement()
          .asString()
          .contains("240 MiB of memory", "the 160 MiB", "-Xmx");
      server.stop();
    }
  }
}
