package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that a process which cannot go on ends with the code and the line that the guide promises.
 */
@Tag("once")
class EndIT {
  private static final int OUT_OF_MEMORY = 3;
  private static final int FAILED = 70;
  private static final int STALLED = 75;

  @TempDir private Path directory;

  private Path data;

  @BeforeEach
  void name() {
    data = directory.resolve("data");
  }

  private static void assertLastWords(String output, String words) {
    assertThat(output.lines().filter(line -> line.startsWith("dormouse: ")))
        .singleElement()
        .asString()
        .contains(words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/harm/one", "/harm-loop/one"})
  @DisplayName("A2: a process without memory ends, though no option of the JVM says so")
  void aProcessWithoutMemoryEnds(String path) throws Exception {
    try (ServerProcess server =
            ServerProcess.startTestActors(data, List.of("-Xmx80m", "-XX:+UseSerialGC"));
        RawClient client = RawClient.open(server.port(), path)) {
      assertThat(client.ask("hello")).isEqualTo("hello");
      client.send(Frames.text("hoard"));
      client.awaitEnd();
      assertThat(server.awaitExit()).isEqualTo(OUT_OF_MEMORY);
      assertLastWords(server.output(), "memory is exhausted");
    }
  }

  @Test
  @DisplayName(
      "kind 3: an event loop that does not move is named in metrics and log, and ends it all")
  void anEventLoopThatDoesNotMoveEndsTheProcess() throws Exception {
    try (ServerProcess server =
            ServerProcess.startTestActors(data, List.of(), "--stall-exit", "12s");
        RawClient client = RawClient.open(server.port(), "/harm-loop/one")) {
      client.send(Frames.text("spin"));
      server.awaitOutput(
          Pattern.compile(
              "the event loop vert\\.x-eventloop-thread-\\d+ has not moved for \\d+ s"));
      server.awaitOutput(Pattern.compile("at .*TestActors\\$Harm\\.onMessage"));
      assertThat(server.awaitExit()).isEqualTo(STALLED);
      assertLastWords(server.output(), "has not moved for 12 s (--stall-exit); the process ends");
    }
  }

  @Test
  @DisplayName("kind 3: SIGTERM ends a process whose event loop is held up for ever")
  void aStopIsBounded() throws Exception {
    try (ServerProcess server =
            ServerProcess.startTestActors(data, List.of(), "--drain", "0s", "--stall-exit", "off");
        RawClient client = RawClient.open(server.port(), "/harm-loop/one")) {
      client.send(Frames.text("spin"));
      server.awaitOutput(Pattern.compile("has not moved for"));
      assertThat(server.stop()).isEqualTo(STALLED);
      assertLastWords(server.output(), "the stop took too long; the process ends");
    }
  }

  @Test
  @Tag("full")
  @DisplayName(
      "kind 3: a disk that does not answer: not ready, counted, and SIGTERM ends all the same")
  void aDiskThatDoesNotAnswer() throws Exception {
    LoopDisk.assumeMountable(directory);
    try (LoopDisk disk = LoopDisk.make(directory.resolve("disk.img"), 512L << 20);
        ServerProcess server =
            ServerProcess.start(
                disk.root().resolve("data"), "--drain", "0s", "--stall-exit", "off");
        RawClient client = RawClient.open(server.port(), "/journal/one")) {
      client.ask("before");
      disk.freeze();
      try {
        client.send(Frames.text("after"));
        server.awaitOutput(Pattern.compile("the store, with commits that wait, has not moved"));
        HttpResponse<String> ready = Http.get(server.admin().path("/readyz"));
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains("not ready: the store").contains("has not moved for");
        assertThat(Http.get(server.admin().path("/healthz")).statusCode()).isEqualTo(200);
        assertThat(Http.get(server.admin().path("/metrics")).body())
            .containsPattern("dormouse_stalled_seconds\\{part=\"store\"\\} [1-9]");
        server.terminate();
        server.awaitOutput(Pattern.compile("the stop took too long; the process ends"));
      } finally {
        disk.thaw(); // until then the kernel holds each thread that writes
      }
      assertThat(server.awaitExit()).isEqualTo(STALLED);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("F44: the jar is overwritten in place: the process ends by itself")
  void aProcessWhoseJarIsOverwrittenEnds(boolean isInUse) throws Exception {
    Path jar = Files.copy(Path.of(ServerProcess.jar()), directory.resolve("app.jar"));
    try (ServerProcess server = start(jar);
        RawClient old = RawClient.open(server.port(), "/echo/one")) {
      overwrite(jar);
      if (isInUse) {
        use(server);
      }
      old.awaitEnd();
      assertThat(server.awaitExit()).isEqualTo(FAILED);
      assertLastWords(
          server.output(), isInUse ? "; the process ends" : jar + " was overwritten while");
    }
  }

  @Test
  @DisplayName("F44: the jar is overwritten in place: SIGTERM ends the process")
  void aProcessWhoseJarIsOverwrittenStops() throws Exception {
    Path jar = Files.copy(Path.of(ServerProcess.jar()), directory.resolve("app.jar"));
    try (ServerProcess server = start(jar);
        RawClient old = RawClient.open(server.port(), "/echo/one")) {
      overwrite(jar);
      server.terminate();
      old.awaitEnd();
      // The process ends in good order if all classes for a stop were loaded, else with a line that
      // says why.
      if (server.awaitExit() == FAILED) {
        assertLastWords(server.output(), "; the process ends");
      }
    }
  }

  private ServerProcess start(Path jar) throws Exception {
    return ServerProcess.of(
        Child.start(
            directory,
            Map.of(),
            List.of(
                System.getProperty("dormouse.test.java"),
                "-jar",
                jar.toString(),
                "--port",
                "0",
                "--admin-port",
                "0",
                "--drain",
                "1s",
                "--data",
                data.toString())));
  }

  /** Makes a dashboard call and opens new sockets, whatever becomes of them. */
  private static void use(ServerProcess server) {
    for (int i = 0; i < 10; i++) {
      for (int port : List.of(server.adminPort(), server.port())) {
        try (RawClient client = new RawClient(port)) {
          client.send("GET /api/node HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n\r\n");
          client.send(RawClient.upgrade("/chat/new" + i));
        } catch (IOException refused) {
          // The process has ended already, or is about to.
        }
      }
    }
  }

  /** Overwrites the jar as cp does, which keeps the file and replaces its content. */
  private static void overwrite(Path jar) throws IOException {
    Path other = jar.resolveSibling("other.jar");
    try (OutputStream file = Files.newOutputStream(other);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (int i = 0; i < 100; i++) {
        zip.putNextEntry(new ZipEntry("file" + i));
        zip.write(("another " + i).getBytes(StandardCharsets.UTF_8));
      }
    }
    try (RandomAccessFile file = new RandomAccessFile(jar.toFile(), "rw")) {
      file.setLength(0);
      file.write(Files.readAllBytes(other));
    }
  }
}
