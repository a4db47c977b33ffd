package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Takes the README's pictures of the dashboard; for {@code -Dit.test=DashboardPictures} only. */
class DashboardPictures {
  private static final Duration LIMIT = Duration.ofMinutes(15);

  @TempDir private Path directory;

  @Test
  @DisplayName("The README's pictures are of a night at a server")
  void areOfANightAtAServer() throws Exception {
    Path pictures = Files.createDirectories(Path.of("target/pictures").toAbsolutePath());
    Path jcmd = Path.of(System.getProperty("dormouse.test.java")).resolveSibling("jcmd");
    try (ServerProcess server =
            ServerProcess.startTestActors(directory.resolve("data"), List.of(), "--idle", "5s");
        Child script =
            NodeScript.start(
                "dashboard-pictures.mjs",
                server.admin().path("/"),
                server.socket("/"),
                server.pid(),
                jcmd,
                pictures)) {
      int exit = script.awaitExit(LIMIT);
      assertThat(exit).as(script.output()).isZero();
    }
  }
}
