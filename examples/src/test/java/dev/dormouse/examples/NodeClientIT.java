package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the most used client of Node understands the server. */
@Tag("full")
// A client sees nothing of the JVM.
@Tag("once")
class NodeClientIT {
  @TempDir private static Path directory;
  private static ServerProcess server;

  @BeforeAll
  static void start() throws Exception {
    server = ServerProcess.start(directory.resolve("data"));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @Test
  void textComesBack() throws Exception {
    check("text");
  }

  @Test
  void bytesComeBack() throws Exception {
    check("binary");
  }

  @Test
  void fragmentsComeBackAsOneMessageWithPingsInBetween() throws Exception {
    check("fragments");
  }

  @Test
  void aPingIsAnsweredWithItsPayload() throws Exception {
    check("ping");
  }

  @Test
  void theCloseCodeComesBack() throws Exception {
    check("close");
  }

  @Test
  void aMessageOfTheLargestSizeComesBack() throws Exception {
    check("largest");
  }

  @Test
  void aLargerMessageIsAnsweredWith1009() throws Exception {
    check("too-large");
  }

  @Test
  void aLargerMessageInFragmentsIsAnsweredWith1009() throws Exception {
    check("too-large-in-fragments");
  }

  @Test
  void aSocketOutlivesTheHibernationOfItsActor() throws Exception {
    check("hibernation");
  }

  @Test
  void twoHundredConnectionsOfOneActorHearTheirOwnEchoes() throws Exception {
    check("parallel");
  }

  @Test
  void compressionIsNotAgreedTo() throws Exception {
    check("deflate");
  }

  private static void check(String name) throws Exception {
    String sockets = "ws://127.0.0.1:" + server.port();
    String admin = "http://127.0.0.1:" + server.adminPort();
    try (Child script = NodeScript.start("node-client.mjs", name, sockets, admin)) {
      int exit = script.awaitExit();
      assertThat(script.output()).isEqualTo("ok\n");
      assertThat(exit).isZero();
    }
  }
}
