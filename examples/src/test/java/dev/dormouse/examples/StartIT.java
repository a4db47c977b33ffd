package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.storage.NewerFolder;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartIT {
  private static final int CANNOT_START = 1;
  private static final int BAD_USAGE = 2;
  private static final int STOPPED = 0;
  private static final List<String> FREE_PORTS = List.of("--port", "0", "--admin-port", "0");

  @TempDir private Path directory;

  @Test
  void helpNamesEveryOption() throws Exception {
    Ended ended = run(Map.of(), "--help");
    assertThat(ended.code()).isZero();
    assertThat(ended.output())
        .contains("--host", "--port", "--data", "--durability", "--idle", "--drain")
        .contains("--admin-port", "--config", "--help", "--version");
  }

  @Test
  void theVersionIsTold() throws Exception {
    Ended ended = run(Map.of(), "--version");
    assertThat(ended.code()).isZero();
    assertThat(ended.output()).containsPattern("(?m)^Dormouse \\d");
  }

  @ParameterizedTest
  @CsvSource({
    "--nonsense, 1",
    "--idle, 5",
    "--idle, 1ms",
    "--idle, 25h",
    "--idle, soon",
    "--drain, -1s",
    "--port, 70000",
    "--port, http",
    "--admin-port, -1",
    "--durability, foo",
    "--config, there-is-none.properties"
  })
  void aBadOptionOnTheLineIsNamed(String option, String value) throws Exception {
    refuses(run(Map.of(), option, value), option);
  }

  @ParameterizedTest
  @CsvSource({"DORMOUSE_IDLE, 5, --idle", "DORMOUSE_PROT, 8080, DORMOUSE_PROT"})
  void aBadVariableIsNamed(String variable, String value, String named) throws Exception {
    refuses(run(Map.of(variable, value)), named);
  }

  @ParameterizedTest
  @CsvSource({"idle=5, --idle", "prot=8080, prot", "help=true, help"})
  void aBadLineInTheFileIsNamed(String line, String named) throws Exception {
    Path file = Files.writeString(directory.resolve("dormouse.properties"), line + "\n");
    refuses(run(Map.of(), "--config", file.toString()), named);
  }

  private static void refuses(Ended ended, String named) {
    assertThat(ended.code()).as(ended.output()).isEqualTo(BAD_USAGE);
    assertThat(ended.output()).contains("dormouse: ", named).doesNotContain("Exception", "\tat ");
  }

  @Test
  void theLineWinsOverTheEnvironmentAndTheEnvironmentOverTheFile() throws Exception {
    Path data = directory.resolve("from-file");
    Path file =
        Files.writeString(
            directory.resolve("dormouse.properties"),
            "port=0\nadmin-port=0\nidle=3s\ndurability=wal\ndata=" + data + "\n");
    Map<String, String> fileOnly = Map.of("DORMOUSE_CONFIG", file.toString());
    Map<String, String> both = Map.of("DORMOUSE_CONFIG", file.toString(), "DORMOUSE_IDLE", "2s");
    try (ServerProcess server = ServerProcess.start(directory, fileOnly)) {
      assertThat(server.output())
          .containsPattern("data +" + data + "\n")
          .containsPattern("durability +wal: ")
          .containsPattern("idle +3 s ");
    }
    try (ServerProcess server = ServerProcess.start(directory, both)) {
      assertThat(server.output())
          .containsPattern("durability +wal: ")
          .containsPattern("idle +2 s ");
    }
    try (ServerProcess server = ServerProcess.start(directory, both, "--idle", "1s")) {
      assertThat(server.output())
          .containsPattern("durability +wal: ")
          .containsPattern("idle +1 s ");
    }
  }

  @Test
  void theStartScreenTellsAddressDataDurabilityAndPid() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.start(data)) {
      assertThat(server.output())
          .containsPattern("listening +http://127\\.0\\.0\\.1:" + server.port() + "\n")
          .containsPattern("admin +http://127\\.0\\.0\\.1:" + server.adminPort() + " ")
          .containsPattern("data +" + data + "\n")
          .containsPattern(
              "durability +fsync: each reply waits for the disk: survives kill -9 and a power"
                  + " cut\n")
          .containsPattern("pid " + server.pid() + ",");
      assertThat(Http.get(server.http("/")).statusCode()).isEqualTo(200);
      assertThat(Http.get(server.admin().path("/healthz")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void inMemoryNothingIsWritten() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.start(data, "--durability", "memory");
        Client client = server.connect("/counter/volatile")) {
      assertThat(client.ask("x")).isEqualTo("1 1");
      assertThat(server.output()).containsPattern("durability +memory: nothing is written to disk");
      assertThat(data).doesNotExist();
    }
  }

  @ParameterizedTest
  @CsvSource({"--port, --admin-port", "--admin-port, --port"})
  void aPortThatIsTakenIsNamed(String option, String other) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      Ended ended = run(Map.of(), option, port, other, "0");
      cannotStart(ended, option + " " + port);
    }
  }

  @Test
  void anAdminPortThatOthersCanReachWantsAToken() throws Exception {
    Path data = directory.resolve("data");
    cannotStart(
        run(Map.of(), args("--data", data.toString(), "--admin-host", "0.0.0.0")),
        "--admin-token-file");
    assertThat(data).doesNotExist();
  }

  @Test
  void aFolderInUseIsRefusedWithItsHolder() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess first = ServerProcess.start(data);
        Client client = first.connect("/counter/held")) {
      Ended second = run(Map.of(), args("--data", data.toString()));
      cannotStart(second, data.toString());
      assertThat(second.output()).containsPattern("\\b" + first.pid() + "\\b");
      assertThat(client.ask("x")).isEqualTo("1 1");
    }
  }

  @Test
  void aDataFolderThatIsAFileIsRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "precious");
    cannotStart(run(Map.of(), args("--data", file.toString())), file.toString());
    assertThat(file).hasContent("precious");
  }

  @Test
  void aDataFolderWhoseParentIsMissingIsRefused() throws Exception {
    Path data = directory.resolve("mistyped").resolve("data");
    cannotStart(run(Map.of(), args("--data", data.toString())), data.toString());
    assertThat(data.getParent()).doesNotExist();
  }

  @Test
  void aDataFolderOfANewerVersionIsRefused() throws Exception {
    Path data = directory.resolve("data");
    NewerFolder.make(data);
    cannotStart(
        run(Map.of(), args("--data", data.toString())),
        "the data folder " + data + " was written by a newer version");
  }

  /** A program with mistakes in the descriptions of two actor types. */
  static final class Mistaken {
    record Seat(Locale locale, Thread holder) {}

    static final class Table extends WebSocketActor<List<Seat>> {}

    private Mistaken() {}

    public static void main(String[] args) {
      Dormouse.server()
          .actor("/table/:key", Table.class, Table::new)
          .actor("/bench", Counter.class, Counter::new)
          .start(args);
    }
  }

  @Test
  void mistakesOfAllActorTypesAreListedWithoutAStackTrace() throws Exception {
    String tests = Mistaken.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    String classPath = ServerProcess.jar() + File.pathSeparator + tests;
    String java = System.getProperty("dormouse.test.java");
    String seat = "dormouse: actor Table at /table/:key: record " + Mistaken.Seat.class.getName();
    try (Child process =
        Child.start(
            directory, Map.of(), List.of(java, "-cp", classPath, Mistaken.class.getName()))) {
      assertThat(process.awaitExit()).as(process.output()).isEqualTo(BAD_USAGE);
      assertThat(process.output().lines())
          .containsExactly(
              "dormouse: actor Table at /table/:key: it has attachments of java.util.List<"
                  + Mistaken.Seat.class.getName()
                  + "> but no onUpgrade; override onUpgrade and call upgrade.accept(attachment), or"
                  + " extend WebSocketActor<Void>",
              seat
                  + ", component locale: class java.util.Locale cannot be stored: copy what it"
                  + " holds into one of the common types, such as ArrayList",
              seat
                  + ", component holder: class java.lang.Thread cannot be stored: copy what it"
                  + " holds into one of the common types, such as ArrayList",
              "dormouse: actor Counter at /bench: the path '/bench' has no ':key'");
    }
  }

  private static void cannotStart(Ended ended, String named) {
    assertThat(ended.code()).as(ended.output()).isEqualTo(CANNOT_START);
    assertThat(ended.output()).contains("dormouse: ", named).doesNotContain("\tat ");
  }

  @Test
  @Tag("N12")
  @DisplayName("N12: a stopped server says goodbye, leaves nothing to do and returns 0")
  void aStoppedServerSaysGoodbyeAndLeavesNothingToDo() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.start(data, "--drain", "8s");
        Client ada = server.connect("/chat/stop?name=Ada");
        Client bo = server.connect("/chat/stop?name=Bo");
        Client counter = server.connect("/counter/stop")) {
      assertThat(Chat.members(ada.nextJson())).containsExactly("Ada");
      assertThat(Chat.members(bo.nextJson())).containsExactlyInAnyOrder("Ada", "Bo");
      assertThat(ada.nextJson().getString("type")).isEqualTo("joined");
      assertThat(counter.ask("x")).isEqualTo("1 1");
      long startNs = System.nanoTime();
      assertThat(server.stop()).isEqualTo(STOPPED);
      assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isLessThan(Duration.ofSeconds(8));
      assertThat(closeCodes(ada, bo, counter)).containsExactly(1001, 1001, 1001);
      assertThat(server.output()).doesNotContain("WARN", "ERROR");
    }
    try (ServerProcess again = ServerProcess.start(data)) {
      assertThat(again.output()).doesNotContain("left behind", "WARN", "ERROR");
      assertThat(again.admin().actor("chat", "stop").connections()).isZero();
      try (Client cleo = again.connect("/chat/stop?name=Cleo");
          Client counter = again.connect("/counter/stop")) {
        assertThat(Chat.members(cleo.nextJson())).containsExactly("Cleo");
        assertThat(counter.ask("x")).isEqualTo("1 2");
      }
    }
  }

  @Test
  void aServerThatRestartsSaysSo() throws Exception {
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"), "--restart");
        Client client = server.connect("/echo/restart")) {
      assertThat(client.ask("x")).isEqualTo("x");
      assertThat(server.stop()).isEqualTo(STOPPED);
      assertThat(closeCodes(client)).containsExactly(1012);
    }
  }

  /** Returns the close codes, after whatever else was heard. */
  private static List<Integer> closeCodes(Client... clients) throws InterruptedException {
    List<Integer> codes = new ArrayList<>();
    for (Client client : clients) {
      Client.Event event = client.next();
      while (event instanceof Client.Text) {
        event = client.next();
      }
      codes.add(event instanceof Client.Closed closed ? closed.code() : -1);
    }
    return codes;
  }

  @Test
  void clientsThatDoNotAnswerTheCloseFrameHoldAStopUpNoLongerThanTheDrainTime() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.start(data, "--drain", "2s")) {
      List<DeafClient> deaf =
          IntStream.range(0, 3)
              .mapToObj(i -> DeafClient.connect(server.port(), "/echo/deaf"))
              .toList();
      assertThat(server.admin().actor("echo", "deaf").connections()).isEqualTo(3);
      long startNs = System.nanoTime();
      assertThat(server.stop()).isEqualTo(STOPPED);
      assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isLessThan(Duration.ofSeconds(3));
      deaf.forEach(DeafClient::close);
    }
    try (ServerProcess again = ServerProcess.start(data)) {
      assertThat(again.admin().actor("echo", "deaf").connections()).isZero();
    }
  }

  private record Ended(int code, String output) {}

  private static String[] args(String... more) {
    List<String> args = new ArrayList<>(FREE_PORTS);
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  private Ended run(Map<String, String> variables, String... args) throws Exception {
    try (Child process = ServerProcess.launch(directory, variables, args)) {
      return new Ended(process.awaitExit(), process.output());
    }
  }
}
