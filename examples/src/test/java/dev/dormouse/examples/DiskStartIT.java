package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that a server which is started on a disk to which it cannot write says so, and ends. */
@Tag("full")
@Tag("once")
class DiskStartIT {
  private static final long DISK_BYTES = 64L << 20;
  private static final int CANNOT_START = 1;

  @TempDir private Path directory;

  @BeforeEach
  void assumeMountable() throws Exception {
    LoopDisk.assumeMountable(directory);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFullDiskIsTold(boolean hasRun) throws Exception {
    try (LoopDisk disk = LoopDisk.make(directory.resolve("disk.img"), DISK_BYTES)) {
      Path data = dataOf(disk, hasRun);
      disk.fill();
      cannotStart(data, "No space left on device");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDiskThatIsReadOnlyIsTold(boolean hasRun) throws Exception {
    try (LoopDisk disk = LoopDisk.make(directory.resolve("disk.img"), DISK_BYTES)) {
      Path data = dataOf(disk, hasRun);
      disk.makeReadOnly();
      cannotStart(data, "Read-only file system");
    }
  }

  /** Returns a folder on the disk, with or without the files that a server left in it. */
  private static Path dataOf(LoopDisk disk, boolean hasRun) throws Exception {
    Path data = disk.root().resolve("data");
    if (hasRun) {
      try (ServerProcess server = ServerProcess.start(data)) {
        server.stop();
      }
    }
    return data;
  }

  private void cannotStart(Path data, String why) throws Exception {
    String[] args = {"--port", "0", "--admin-port", "0", "--data", data.toString()};
    try (Child server = ServerProcess.launch(directory, Map.of(), args)) {
      assertThat(server.awaitExit()).as(server.output()).isEqualTo(CANNOT_START);
      assertThat(server.output())
          .contains("dormouse: the data folder " + data, why)
          .doesNotContain("\tat ");
    }
  }
}
