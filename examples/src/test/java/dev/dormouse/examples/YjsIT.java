package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.examples.yjs.UpdateTool;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Edits documents with unchanged clients of npm's {@code y-websocket}. */
@Tag("full")
// A client sees nothing of the JVM.
@Tag("once")
class YjsIT {
  private static final int EDITS_MIN = 200;
  private static final int EDITS_MORE = 1_500;
  private static final int DOCUMENTS = 30;

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"converge", "late-joiner", "offline", "presence", "large", "garbage"})
  void clientsAgree(String check) throws Exception {
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"));
        Child script =
            script(
                "documents.mjs",
                check,
                server.socket(""),
                "http://127.0.0.1:" + server.adminPort())) {
      int exit = script.awaitExit();
      assertThat(script.output()).isEqualTo("ok\n");
      assertThat(exit).isZero();
    }
  }

  @Test
  void clientsGoOnAfterTheServerWasKilled() throws Exception {
    killAndStart(server -> script("documents.mjs", "killed", server.socket("")));
  }

  @Test
  void everyEditThatAnotherClientHadShownSurvivesKill9WhileTwentyClientsType() throws Exception {
    int enough = EDITS_MIN + Seed.random("YjsIT").nextInt(EDITS_MORE);
    killAndStart(server -> script("typing.mjs", server.socket(""), enough));
  }

  /** Runs a script that asks for the server to be killed, and then to be started again. */
  private void killAndStart(Script toRun) throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.start(data);
        Child script = toRun.start(server)) {
      script.awaitOutput(Pattern.compile("^kill$", Pattern.MULTILINE));
      server.kill9();
      server.awaitExit();
      script.tell("done");
      script.awaitOutput(Pattern.compile("^start$", Pattern.MULTILINE));
      String port = Integer.toString(server.port());
      try (ServerProcess again = ServerProcess.start(data, "--port", port)) {
        script.tell("done");
        int exit = script.awaitExit();
        assertThat(script.output()).endsWith("ok\n");
        assertThat(exit).isZero();
        assertThat(again.output()).doesNotContain("ERROR");
      }
    }
  }

  @Test
  void javaMergesUpdatesAsYjsDoes() throws Exception {
    Random random = Seed.random("YjsIT");
    List<Object> args = new ArrayList<>(List.of(random.nextInt(), DOCUMENTS));
    args.add(System.getProperty("dormouse.test.java"));
    String tests = UpdateTool.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    args.addAll(
        List.of(
            "-cp", ServerProcess.jar() + File.pathSeparator + tests, UpdateTool.class.getName()));
    try (Child script = script("updates.mjs", args.toArray())) {
      int exit = script.awaitExit();
      assertThat(script.output()).isEqualTo("ok\n");
      assertThat(exit).isZero();
    }
  }

  private static Child script(String script, Object... args) throws IOException {
    List<String> command = new ArrayList<>(List.of("node", script));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    return Child.start(Path.of("src/test/yjs"), Map.of(), command);
  }

  /** Starts a script for a server. */
  private interface Script {
    Child start(ServerProcess server) throws IOException;
  }
}
