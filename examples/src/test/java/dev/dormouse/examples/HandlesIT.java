package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar in a process that may have few files open. */
@Tag("once")
class HandlesIT {
  private static final int HANDLES = 256;
  private static final int LINE = 200_000;

  @TempDir private Path directory;

  @Test
  @DisplayName(
      "F25, A4: more connections than handles are lowered aloud, and silent ones take no table's")
  void moreConnectionsThanHandlesAreLoweredAndTheStoreKeepsItsOwn() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server =
            ServerProcess.startTestActorsWithHandles(data, HANDLES, "--max-connections", "5000");
        Client writer = server.connect("/journal/x");
        Silent silent = Silent.connect(server.port(), 300)) {
      assertThat(server.output()).containsPattern("connections +at most \\d+, not 5000, ");
      assertThat(silent.number()).isEqualTo(300);
      List<String> lines = new ArrayList<>();
      List<String> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        lines.add(line(i));
        answers.add(writer.ask(lines.get(i)));
      }
      assertThat(answers).isEqualTo(HashChain.answers(lines));
      assertThat(Http.get(server.admin().path("/healthz")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("F25: with far too few handles the start is refused, in one line with the remedy")
  void farTooFewHandlesAreRefused() throws Exception {
    try (Child refused =
        ServerProcess.launchTestActorsWithHandles(directory.resolve("data"), 100)) {
      assertThat(refused.awaitExit()).isEqualTo(1);
      assertThat(refused.output().strip().lines())
          .singleElement()
          .asString()
          .contains("may have 100 files open", "too few", "ulimit -n");
    }
  }

  @Test
  @DisplayName(
      "A3: a store that has no handle refuses commits until it has some, and loses nothing")
  void aStoreWithoutHandlesRefusesAndResumes() throws Exception {
    Path data = directory.resolve("data");
    List<String> lines = new ArrayList<>();
    List<String> answers = new ArrayList<>();
    try (ServerProcess server = ServerProcess.startTestActorsWithHandles(data, HANDLES);
        Client hoard = server.connect("/hoard/h");
        Client writer = server.connect("/journal/j");
        Client echo = server.connect("/echo/e");
        Client later = server.connect("/journal/j")) {
      answers.add(ask(writer, lines));
      assertThat(hoard.ask("take")).startsWith("take ");
      Client.Event event = new Client.Text("");
      for (int i = 0; i < 200 && event instanceof Client.Text; i++) {
        writer.send(line(lines.size()));
        event = writer.next();
        if (event instanceof Client.Text answer && !answer.text().isEmpty()) {
          lines.add(line(lines.size()));
          answers.add(answer.text());
        }
      }
      assertThat(event).isEqualTo(new Client.Closed(1013, "the server cannot store anything now"));
      assertThat(echo.ask("still here")).isEqualTo("still here");

      assertThat(hoard.ask("give")).isEqualTo("give 0");
      Until.isTrue(() -> isStoring(server));
      for (int i = 0; i < 50; i++) {
        answers.add(ask(later, lines));
      }
      assertThat(answers).isEqualTo(HashChain.answers(lines));
      server.kill9();
      server.awaitExit();
    }
    try (ServerProcess again = ServerProcess.start(data)) {
      assertThat(Http.get(again.http("/journal/j")).body().lines()).isEqualTo(lines);
    }
  }

  private static boolean isStoring(ServerProcess server) throws Exception {
    try (Client probe = server.connect("/journal/probe")) {
      probe.send("stored?");
      return probe.next() instanceof Client.Text;
    } catch (ExecutionException refused) {
      return false;
    }
  }

  private static String ask(Client writer, List<String> lines) throws Exception {
    lines.add(line(lines.size()));
    return writer.ask(lines.get(lines.size() - 1));
  }

  private static String line(int number) {
    return number + " " + Client.textOf(LINE);
  }

  /** TCP connections that say nothing. */
  private record Silent(List<Socket> sockets) implements AutoCloseable {
    static Silent connect(int port, int number) throws Exception {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        sockets.add(new Socket("127.0.0.1", port));
      }
      return new Silent(sockets);
    }

    int number() {
      return sockets.size();
    }

    @Override
    public void close() throws Exception {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
