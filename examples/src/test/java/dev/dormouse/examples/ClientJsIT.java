package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the client for JavaScript, as it is built, against the server. */
@Tag("full")
// A client sees nothing of the JVM.
@Tag("once")
class ClientJsIT {
  @TempDir private Path directory;

  private ServerProcess start(String... flags) throws Exception {
    return ServerProcess.startTestActors(directory.resolve("data"), List.of(), flags);
  }

  private ServerProcess startAgain(ServerProcess ended) throws Exception {
    return start("--port", Integer.toString(ended.port()));
  }

  private static Child run(String check, ServerProcess server) throws Exception {
    return NodeScript.start("client-js.mjs", check, "ws://127.0.0.1:" + server.port());
  }

  private static void awaitRequest(Child script, String request) throws InterruptedException {
    script.awaitOutput(Pattern.compile("^" + request + "$", Pattern.MULTILINE));
  }

  private static void awaitOk(Child script) throws InterruptedException {
    int exit = script.awaitExit();
    assertThat(script.output()).endsWith("ok\n");
    assertThat(exit).isZero();
  }

  @Test
  void callsHeartbeatsAndCloseCodesAreUnderstood() throws Exception {
    try (ServerProcess server = start()) {
      for (String check : List.of("calls", "heartbeat", "later")) {
        try (Child script = run(check, server)) {
          awaitOk(script);
        }
      }
    }
  }

  @Test
  void whatIsSaidWhileTheServerIsDeadArrivesOnceItIsBack() throws Exception {
    try (ServerProcess server = start();
        Child script = run("kill", server)) {
      awaitRequest(script, "kill");
      server.kill9();
      server.awaitExit();
      script.tell("done");
      awaitRequest(script, "start");
      try (ServerProcess again = startAgain(server)) {
        script.tell("done");
        awaitOk(script);
        assertThat(again.output()).doesNotContain("ERROR");
      }
    }
  }

  @Test
  void aRestartBringsTheClientBackSoon() throws Exception {
    try (ServerProcess server = start("--restart");
        Child script = run("restart", server)) {
      awaitRequest(script, "restart");
      assertThat(server.stop()).isZero();
      try (ServerProcess again = startAgain(server)) {
        script.tell("done");
        awaitOk(script);
        assertThat(again.output()).doesNotContain("ERROR");
      }
    }
  }

  @Test
  void aFullServerIsAskedWhenToComeBack() throws Exception {
    try (ServerProcess server = start("--max-connections", "1");
        Child script = run("full", server)) {
      awaitOk(script);
    }
  }

  @Test
  void aServerThatFallsSilentIsNoticedByTheHeartbeat() throws Exception {
    try (ServerProcess server = start();
        Child script = run("silent", server)) {
      awaitRequest(script, "freeze");
      signal("STOP", server);
      script.tell("done");
      awaitRequest(script, "thaw");
      signal("CONT", server);
      script.tell("done");
      awaitOk(script);
    }
  }

  private static void signal(String name, ServerProcess server) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(server.pid())).start().waitFor();
  }
}
