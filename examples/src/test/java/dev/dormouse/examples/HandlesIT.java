package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the jar in a process that may have few files open. */
@Tag("once")
class HandlesIT {
  private static final int HANDLES = 256;
  private static final int LINE = 200_000;
  private static final String REQUEST = "GET /echo/e HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

  /** The pages of the admin port. */
  private static final List<String> PAGES =
      List.of(
          "/healthz",
          "/readyz",
          "/metrics",
          "/",
          "/json/version",
          "/json/protocol",
          "/json/list",
          "/api/node");

  @TempDir private Path directory;

  @Test
  @DisplayName(
      "F25, A3, A4: connections over the handles, of both ports, take neither store nor others"
          + " theirs")
  @SuppressWarnings("try") // silent connections are closed meanwhile
  void moreConnectionsThanHandlesAreLoweredAndTheStoreKeepsItsOwn() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server =
            ServerProcess.startTestActorsWithHandles(data, HANDLES, "--max-connections", "5000");
        Client writer = server.connect("/journal/x");
        Client admin = Client.connect(inspector(server));
        Silent silent = Silent.connect(server.port(), 300);
        Silent adminSilent = Silent.connect(server.adminPort(), 300)) {
      assertThat(server.output()).containsPattern("connections +at most \\d+ instead of 5000, ");
      assertThat(silent.number() + adminSilent.number()).isEqualTo(600);
      List<String> lines = new ArrayList<>();
      List<String> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        lines.add(line(i));
        answers.add(writer.ask(lines.get(i)));
      }
      assertThat(answers).isEqualTo(HashChain.answers(lines));
      assertThat(admin.ask("{\"id\":1,\"method\":\"Network.enable\"}")).contains("\"id\":1");
      adminSilent.close();
      Until.isTrue(() -> isHealthy(server));
    }
  }

  @Test
  @DisplayName("A7: silent connections of one address take no seats of the others'")
  void silentConnectionsOfAnAddressAreCountedFromTheirAccept() throws Exception {
    String[] flags = {"--max-connections", "200", "--max-connections-per-ip", "10"};
    InetAddress other = InetAddress.getByAddress(new byte[] {127, 0, 0, 2});
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"), flags);
        Silent silent = Silent.connect(server.port(), 470, other)) {
      int seats = 10 + 32; // the limit of an address, and 32 TCP connections more
      Until.isTrue(() -> silent.turnedAway() >= 470 - seats);
      try (Client client = server.connect("/journal/x")) {
        assertThat(client.ask(line(0))).isEqualTo(HashChain.answers(List.of(line(0))).get(0));
      }
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
        PlainClient admin = new PlainClient("127.0.0.1", server.adminPort());
        Client later = server.connect("/journal/j")) {
      answers.add(ask(writer, lines));
      assertThat(hoard.ask("take")).startsWith("take ");
      Silent waits = Silent.connect(server.port(), 1); // the server has no handle to accept it with
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
      List<Integer> pages = new ArrayList<>();
      for (String page : PAGES) {
        pages.add(admin.ask("GET", page));
      }
      assertThat(pages).as("%s", PAGES).containsOnly(200);
      String backup = "/backup?to=" + directory.resolve("backup");
      assertThat(admin.ask("POST", backup)).isEqualTo(503);

      assertThat(hoard.ask("give")).isEqualTo("give 0");
      assertThat(waits.ask()).isEqualTo("HTTP/1.1 426");
      waits.close();
      Until.isTrue(() -> isStoring(server));
      assertThat(admin.ask("POST", backup)).isEqualTo(200);
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

  private static URI inspector(ServerProcess server) {
    return URI.create("ws://127.0.0.1:%d/devtools/node".formatted(server.adminPort()));
  }

  /**
   * Returns whether the server is healthy; it is not while it has no room for one more connection.
   */
  private static boolean isHealthy(ServerProcess server) throws Exception {
    try {
      return Http.get(server.admin().path("/healthz")).statusCode() == 200;
    } catch (IOException refused) {
      return false;
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

  /** A number of TCP connections that send nothing. */
  private record Silent(List<Socket> sockets) implements AutoCloseable {
    static Silent connect(int port, int number) throws Exception {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        sockets.add(new Socket(InetAddress.getLoopbackAddress(), port));
      }
      return new Silent(sockets);
    }

    /** Opens connections from an address of this machine. */
    static Silent connect(int port, int number, InetAddress from) throws Exception {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        sockets.add(new Socket(InetAddress.getLoopbackAddress(), port, from, 0));
      }
      return new Silent(sockets);
    }

    /**
     * Returns the number of connections that received something. That is a refusal, since they have
     * asked nothing.
     */
    int turnedAway() throws IOException {
      int answered = 0;
      for (Socket socket : sockets) {
        if (socket.getInputStream().available() > 0) {
          answered++;
        }
      }
      return answered;
    }

    /** Returns the answer to the first connection once it finally sends something. */
    String ask() throws IOException {
      Socket first = sockets.get(0);
      first.setSoTimeout((int) Child.LIMIT.toMillis());
      first.getOutputStream().write(REQUEST.getBytes(StandardCharsets.US_ASCII));
      byte[] status = first.getInputStream().readNBytes("HTTP/1.1 426".length());
      return new String(status, StandardCharsets.US_ASCII);
    }

    int number() {
      return sockets.size();
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
