package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the server with clients of the DevTools protocol, and with the DevTools of Chromium. */
@Tag("full")
// A browser sees nothing of the JVM.
@Tag("once")
class DevToolsIT {
  @TempDir private static Path directory;
  private static ServerProcess server;

  @BeforeAll
  static void start() throws Exception {
    server = ServerProcess.start(directory.resolve("data"), "--idle", "1h");
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @Test
  @DisplayName("N3 N6 N8 N11 N16 a whole life, over a sleep, is as Chromium's protocol has it")
  void aWholeLife() throws Exception {
    check("devtools-client.mjs", "life", sockets(), admin());
  }

  @Test
  @DisplayName("N5 an upgrade that is turned away is seen")
  void anUpgradeThatIsTurnedAwayIsSeen() throws Exception {
    check("devtools-client.mjs", "rejected", sockets(), admin());
  }

  @Test
  void theServerSaysWhatCanBeInspectedAndHow() throws Exception {
    check("devtools-client.mjs", "discovery", sockets(), admin());
  }

  @Test
  @DisplayName("N3 N4 the DevTools of Chromium show sockets, frames and headers without secrets")
  void theDevToolsOfChromiumShowSocketsFramesAndHeadersWithoutSecrets() throws Exception {
    Path screenshots = Files.createDirectories(Path.of("target/screenshots").toAbsolutePath());
    check("devtools-page.mjs", sockets(), admin(), screenshots);
    assertThat(screenshots).isDirectoryContaining("glob:**/devtools.png");
  }

  private static String sockets() {
    return "ws://127.0.0.1:" + server.port();
  }

  private static String admin() {
    return "http://127.0.0.1:" + server.adminPort();
  }

  private static void check(String script, Object... args) throws Exception {
    try (Child child = NodeScript.start(script, args)) {
      int exit = child.awaitExit();
      assertThat(child.output()).isEqualTo("ok\n");
      assertThat(exit).isZero();
    }
  }
}
