package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks how the jar uses the JVM's temporary folder, and how it starts on machines that it was not
 * built for.
 */
class TemporaryFolderIT {
  private static final int CANNOT_START = 1;

  /** A folder in which nobody, not even root, can make a file. */
  private static final Path UNWRITABLE = Path.of("/proc");

  @TempDir private Path directory;

  private Child launch(Path temporary, Map<String, String> variables, String... flags)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("dormouse.test.java"),
                "-Djava.io.tmpdir=" + temporary,
                "-jar",
                ServerProcess.jar()));
    command.addAll(List.of(flags));
    return Child.start(directory, variables, command);
  }

  private ServerProcess start(Path temporary, String data) throws Exception {
    return ServerProcess.of(
        launch(temporary, Map.of(), "--port", "0", "--admin-port", "0", "--data", data));
  }

  private static void isServed(ServerProcess server) throws Exception {
    try (Client client = server.connect("/counter/one")) {
      assertThat(client.ask("x")).startsWith("1 ");
    }
    assertThat(server.output()).doesNotContain("\tat ", "WARN", "ERROR");
    isNative(server, true);
  }

  /**
   * Checks whether Netty uses epoll; Netty falls back to something slower if its library cannot be
   * loaded.
   */
  private static void isNative(ServerProcess server, boolean isIt) throws IOException {
    Path maps = Path.of("/proc", String.valueOf(server.pid()), "maps");
    if (Files.exists(maps)) {
      assertThat(Files.readString(maps).contains("libnetty_transport_native_"))
          .as("a library of Netty")
          .isEqualTo(isIt);
    }
  }

  private static List<Path> scratchIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(f -> f.toString().matches(".*(scratch|vertx|rocksdbjni|netty).*"))
          .toList();
    }
  }

  @Test
  @Tag("once")
  @Tag("F23")
  @DisplayName(
      "F23: nothing piles up, however often servers are killed, nor is a neighbour's taken")
  void nothingPilesUp() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    try (ServerProcess neighbour = start(temporary, "neighbour")) {
      for (int i = 0; i < 4; i++) {
        try (ServerProcess server = start(temporary, "data")) {
          server.kill9();
          server.awaitExit();
        }
        assertThat(scratchIn(directory.resolve("data")).size()).isLessThanOrEqualTo(3);
      }
      try (ServerProcess server = start(temporary, "data")) {
        isServed(server);
        server.stop();
      }
      isServed(neighbour);
      neighbour.stop();
    }
    assertThat(scratchIn(directory)).isEmpty();
  }

  @Test
  @Tag("F24")
  @DisplayName("F24: a temporary folder that cannot be written is not needed")
  void aTemporaryFolderThatCannotBeWrittenIsNotNeeded() throws Exception {
    try (ServerProcess server = start(UNWRITABLE, "data")) {
      isServed(server);
      server.stop();
    }
    try (Child verify = launch(UNWRITABLE, Map.of(), "verify", "data")) {
      assertThat(verify.awaitExit()).as(verify.output()).isZero();
    }
  }

  @Test
  @Tag("once")
  @Tag("F24")
  @DisplayName("F24: a server whose network library cannot be loaded says so in one line, and runs")
  void aServerWhoseNetworkLibraryCannotBeLoadedSaysSoInOneLineAndRuns() throws Exception {
    List<String> command =
        List.of(
            System.getProperty("dormouse.test.java"),
            "-Dio.netty.native.workdir=" + UNWRITABLE,
            "-jar",
            ServerProcess.jar(),
            "--port=0",
            "--admin-port=0");
    try (ServerProcess server = ServerProcess.of(Child.start(directory, Map.of(), command))) {
      try (Client client = server.connect("/counter/one")) {
        assertThat(client.ask("x")).startsWith("1 ");
      }
      isNative(server, false);
      assertThat(server.output().lines().filter(line -> line.contains("WARN")))
          .singleElement()
          .asString()
          .contains("without epoll", "-Djava.io.tmpdir=FOLDER");
      assertThat(server.output()).doesNotContain("\tat ");
    }
  }

  @Test
  @Tag("once")
  @DisplayName("a server that is told to use a transport that does not work does not start")
  void aServerThatIsToldToUseATransportThatDoesNotWorkDoesNotStart() throws Exception {
    List<String> command =
        List.of(
            System.getProperty("dormouse.test.java"),
            "-Dio.netty.native.workdir=" + UNWRITABLE,
            "-jar",
            ServerProcess.jar(),
            "--port=0",
            "--admin-port=0",
            "--transport=epoll");
    try (Child server = Child.start(directory, Map.of(), command)) {
      assertThat(server.awaitExit()).isEqualTo(CANNOT_START);
      assertThat(server.output())
          .startsWith("dormouse: the transport epoll does not work here: ")
          .contains("--transport, or auto")
          .hasLineCount(1);
    }
  }

  @ParameterizedTest
  @Tag("once")
  @ValueSource(strings = {"io_uring", "nio"})
  @DisplayName("a server uses the transport that it is told to use, and says so")
  void aServerUsesTheTransportThatItIsToldToUse(String transport) throws Exception {
    List<String> command =
        List.of(
            System.getProperty("dormouse.test.java"),
            "-jar",
            ServerProcess.jar(),
            "--port=0",
            "--admin-port=0",
            "--transport=" + transport);
    try (ServerProcess server = ServerProcess.of(Child.start(directory, Map.of(), command))) {
      try (Client client = server.connect("/counter/one")) {
        assertThat(client.ask("x")).startsWith("1 ");
      }
      assertThat(server.output()).containsPattern("network +" + transport);
    }
  }

  @Test
  @Tag("F24")
  @DisplayName("F24: where no folder can be written, one line names it and the remedy")
  void whereNoFolderCanBeWrittenOneLineNamesItAndTheRemedy() throws Exception {
    try (Child server =
        launch(
            UNWRITABLE, Map.of(), "--port", "0", "--admin-port", "0", "--durability", "memory")) {
      assertThat(server.awaitExit()).isEqualTo(CANNOT_START);
      assertThat(server.output())
          .startsWith("dormouse: ")
          .hasLineCount(1)
          .contains(UNWRITABLE.toString(), "-Djava.io.tmpdir=");
    }
  }

  @Test
  @Tag("F33")
  @DisplayName("F33: on a machine that the jar has no engine for, one line says where it runs")
  void onAMachineWithoutAnEngineInTheJarOneLineSaysWhereItRuns() throws Exception {
    Map<String, String> alpine = Map.of("ROCKSDB_MUSL_LIBC", "true");
    try (Child server =
        launch(directory, alpine, "--port", "0", "--admin-port", "0", "--data", "data")) {
      assertThat(server.awaitExit()).isEqualTo(CANNOT_START);
      assertThat(server.output()).hasLineCount(1).startsWith("dormouse: ").contains("glibc");
    }
  }

  @Test
  @Tag("full")
  @Tag("F24")
  @DisplayName("F24: a temporary folder that is too small, or mounted noexec, is not needed")
  void smallAndNoexec() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    LoopDisk.assumeMountable(directory);
    LoopDisk.run("mount", "-t", "tmpfs", "-o", "size=4m,noexec", "tmpfs", temporary.toString());
    try (ServerProcess server = start(temporary, "data")) {
      isServed(server);
      server.stop();
    } finally {
      LoopDisk.run("umount", temporary.toString());
    }
  }

  @Test
  @Tag("full")
  @Tag("F24")
  @DisplayName(
      "F24: if the data folder is mounted noexec, the temporary folder is used; or one line")
  void ifTheDataFolderIsMountedNoexecTheTemporaryFolderIsUsed() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    LoopDisk.assumeMountable(directory);
    LoopDisk.run("mount", "-t", "tmpfs", "-o", "size=400m,noexec", "tmpfs", data.toString());
    try {
      try (ServerProcess server = start(directory, "data")) {
        isServed(server);
        server.stop();
      }
      try (Child server = launch(UNWRITABLE, Map.of(), "--port", "0", "--admin-port", "0")) {
        assertThat(server.awaitExit()).isEqualTo(CANNOT_START);
        assertThat(server.output()).hasLineCount(1).contains(data.toString(), "noexec");
      }
    } finally {
      LoopDisk.run("umount", data.toString());
    }
  }
}
