package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chat as people see it, in a browser. */
@Tag("full")
// A browser sees nothing of the JVM.
@Tag("once")
class ChatPageIT {
  private static final String IDLE = "2s";

  @TempDir private Path directory;

  @Test
  @Tag("N13")
  void twoPeopleChatWhileTheRoomSleepsAndTheServerDies() throws Exception {
    Path data = directory.resolve("data");
    Path screenshots = Files.createDirectories(Path.of("target/screenshots").toAbsolutePath());
    try (ServerProcess server = ServerProcess.start(data, "--idle", IDLE);
        Child script = NodeScript.start("chat-page.mjs", server.http(""), screenshots)) {
      awaitRequest(script, "kill");
      server.kill9();
      server.awaitExit();
      script.tell("done");
      awaitRequest(script, "start");
      String port = Integer.toString(server.port());
      try (ServerProcess again = ServerProcess.start(data, "--idle", IDLE, "--port", port)) {
        assertThat(again.output()).contains("closed 2 connections that the last run left behind");
        script.tell("done");
        int exit = script.awaitExit();
        assertThat(script.output()).isEqualTo("kill\nstart\nok\n");
        assertThat(exit).isZero();
      }
    }
    assertThat(screenshots).isDirectoryContaining("glob:**/1-awake-light.png");
  }

  private static void awaitRequest(Child script, String request) throws InterruptedException {
    script.awaitOutput(Pattern.compile("^" + request + "$", Pattern.MULTILINE));
  }
}
