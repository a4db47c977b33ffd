package dev.dormouse.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.codec.ValueCodec;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class FolderCommandsTest {
  record Member(String name, int said) {}

  /** Counts its messages, in its storage and for each connection. */
  static final class Room extends WebSocketActor<Member> {
    @Override
    protected void onUpgrade(Upgrade<Member> upgrade) {
      upgrade.accept(new Member("ada", 0), "member");
      autoReply("ping", "pong");
    }

    @Override
    protected void onMessage(Connection<Member> from, String text) {
      from.attach(new Member("ada", from.attachment().said() + 1));
      storage().put(text, List.of(text, 1L));
      from.send(text);
    }
  }

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path parent;
  private final StringWriter said = new StringWriter();
  private Path data;
  private Path backup;

  @BeforeEach
  void name() throws IOException {
    parent = parent.toRealPath();
    data = parent.resolve("data");
    backup = parent.resolve("backup");
  }

  private static final ValueCodec CODEC =
      ActorDefinition.of("/room/:key", Room.class, Room::new, ActorOptions.defaults()).codec();

  private static Dormouse server() {
    return Dormouse.server().actor("/room/:key", Room.class, Room::new);
  }

  private DormouseServer open() {
    return server()
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .data(data)
                .durability(Durability.WAL)
                .eventLoops(1));
  }

  /** Runs a command: the code that it ends with. */
  private int run(String... args) {
    said.getBuffer().setLength(0);
    PrintWriter out = new PrintWriter(said, true);
    return ServerCommand.run(
            options -> {
              throw new AssertionError("no server is to be started");
            },
            type -> type.equals("room") ? CODEC : null,
            args,
            Map.of(),
            out,
            out)
        .orElseThrow();
  }

  private List<JsonObject> dumped() {
    return said.toString().lines().map(JsonObject::new).toList();
  }

  /** Connects to a room, sends it the texts, and waits for the answers. */
  private static WebSocket tell(DormouseServer server, String... texts) throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean isLast) {
            heard.add(text.toString());
            return WebSocket.Listener.super.onText(socket, text, isLast);
          }
        };
    WebSocket socket =
        HTTP.newWebSocketBuilder()
            .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/room/one"), listener)
            .get(20, TimeUnit.SECONDS);
    for (String text : texts) {
      socket.sendText(text, true).get(20, TimeUnit.SECONDS);
      assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(text);
    }
    return socket;
  }

  @Test
  void aServerThatWantsATokenTakesItsOwnBackupForWhoKnowsIt() throws Exception {
    Path token = Files.writeString(parent.resolve("token"), "0123456789abcdef\n");
    ServerOptions options =
        ServerOptions.defaults().port(0).adminPort(0).data(data).durability(Durability.WAL);
    try (DormouseServer server =
        server().open(options.eventLoops(1).adminHost("127.0.0.1").adminTokenFile(token))) {
      String port = "--admin-port=" + server.adminPort();
      assertThat(run("backup", "--data=" + data, "--to=" + backup, port))
          .isEqualTo(JarCommand.FAILED);
      assertThat(said.toString()).contains("answers: the admin port wants");

      assertThat(
              run(
                  "backup",
                  "--data=" + data,
                  "--to=" + backup,
                  port,
                  "--admin-token-file=" + token))
          .as("%s", said)
          .isZero();
      assertThat(run("backup", "--data=" + data, "--to=" + backup, port, "--admin-token-file=none"))
          .isEqualTo(JarCommand.FAILED);
      assertThat(said.toString()).contains("--admin-token-file: there is no file none");
    }
  }

  @Test
  @Tag("N11")
  @DisplayName("N11: a backup finds the server that uses the folder, whatever its admin port is")
  void theAdminPortNeedNotBeGiven() throws Exception {
    try (DormouseServer server = open()) {
      assertThat(server.adminPort()).isNotEqualTo(9090);
      assertThat(run("backup", "--data=" + data, "--to=" + backup)).as("%s", said).isZero();
    }
  }

  @Test
  void aServerThatRunsTakesItsOwnBackup() throws Exception {
    try (DormouseServer server = open()) {
      WebSocket socket = tell(server, "a", "b");
      String port = Integer.toString(server.adminPort());
      assertThat(
              run(
                  "backup",
                  "--data",
                  data.toString(),
                  "--to",
                  backup.toString(),
                  "--admin-port",
                  port))
          .as("%s", said)
          .isZero();
      assertThat(said.toString()).startsWith(backup + ": ").contains(" files, ", " bytes");
      socket.abort();

      assertThat(
              run(
                  "backup",
                  "--data",
                  data.toString(),
                  "--to",
                  backup.toString(),
                  "--admin-port",
                  port))
          .isEqualTo(JarCommand.FAILED);
      assertThat(said.toString())
          .startsWith("dormouse: the server on admin port " + port + " answers: ")
          .contains("it is there, and not an empty folder");

      Path other = Files.createDirectory(parent.resolve("other"));
      assertThat(
              post(
                  server,
                  "/backup?to=" + encoded(parent.resolve("b2")) + "&data=" + encoded(other)))
          .isEqualTo("409 the data folder of this server is " + data);
      assertThat(post(server, "/backup")).startsWith("400 the parameter to is no absolute path");
      assertThat(post(server, "/backup?to=relative")).startsWith("400 ");
    }
    assertThat(run("verify", backup.toString())).as("%s", said).isZero();
    assertThat(said.toString())
        .startsWith(backup + ": ")
        .contains("; 1 actor, 1 connection, 2 values, 0 alarms; whole");
    assertThat(run("dump", "room", "one", "--data", backup.toString())).isZero();
    List<JsonObject> rows = dumped();
    assertThat(rows).hasSize(5);
    assertThat(rows.get(0).getString("row")).isEqualTo("actor");
    assertThat(rows.get(0).getInteger("connections")).isEqualTo(1);
    assertThat(rows.get(1).getJsonArray("replies"))
        .isEqualTo(new JsonArray("[{\"request\":\"ping\",\"reply\":\"pong\"}]"));
    assertThat(rows.get(2).getJsonArray("tags")).isEqualTo(new JsonArray("[\"member\"]"));
    assertThat(rows.get(2).getJsonObject("attachment"))
        .isEqualTo(
            new JsonObject()
                .put("@class", Member.class.getName())
                .put("name", "ada")
                .put("said", 2));
    assertThat(rows.get(4))
        .isEqualTo(new JsonObject("{\"row\":\"value\",\"key\":\"b\",\"value\":[\"b\",1]}"));
  }

  private static String encoded(Path path) {
    return URLEncoder.encode(path.toString(), StandardCharsets.UTF_8);
  }

  private static String post(DormouseServer server, String path) throws Exception {
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.adminPort() + path))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body().strip();
  }

  @Test
  void aFolderThatNoServerUsesIsBackedUpAndRestored() throws Exception {
    try (DormouseServer server = open()) {
      tell(server, "a").abort();
    }
    assertThat(run("backup", "--data=" + data, "--to=" + backup)).as("%s", said).isZero();
    Path restored = parent.resolve("restored");
    assertThat(run("restore", "--from=" + backup, "--data=" + restored)).as("%s", said).isZero();
    assertThat(said.toString()).startsWith(restored + ": ");
    assertThat(run("restore", "--from=" + backup, "--data=" + restored))
        .isEqualTo(JarCommand.FAILED);
    assertThat(said.toString()).contains("it is there, and not an empty folder");
    assertThat(run("verify", "--data=" + restored)).isZero();
    data = restored;
    try (DormouseServer server = open()) {
      tell(server, "b").abort();
    }
    assertThat(run("dump", "room", "one", "--data=" + restored)).isZero();
    assertThat(dumped().stream().map(row -> row.getString("key"))).contains("a", "b");
  }

  @Test
  void aFolderInUseIsNotReadAndNobodyIsFoundOnAWrongPort() throws Exception {
    try (DormouseServer server = open()) {
      String free = Integer.toString(server.port());
      assertThat(run("backup", "--data=" + data, "--to=" + backup, "--admin-port=" + free))
          .isEqualTo(JarCommand.FAILED);
      for (String command : List.of("verify", "dump")) {
        String[] args =
            command.equals("dump")
                ? new String[] {"dump", "room", "one", "--data=" + data}
                : new String[] {"verify", data.toString()};
        assertThat(run(args)).isEqualTo(JarCommand.FAILED);
        assertThat(said.toString())
            .startsWith("dormouse: the data folder " + data + " is already open");
      }
    }
    assertThat(backup).doesNotExist();
  }

  @Test
  void damageIsNamedAndEndsWithThree() throws Exception {
    try (DormouseServer server = open()) {
      tell(server, "a").abort();
    }
    assertThat(run("backup", "--data=" + data, "--to=" + backup)).isZero();
    Path sst;
    try (Stream<Path> files = Files.list(backup.resolve("rocksdb"))) {
      sst = files.filter(file -> file.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(sst);
    bytes[10] ^= 1;
    Files.delete(sst); // the file is a hard link
    Files.write(sst, bytes);

    assertThat(run("verify", backup.toString())).isEqualTo(FolderCommand.DAMAGED);
    assertThat(said.toString()).contains("file " + sst.getFileName()).contains("faults");
    assertThat(run("verify", data.toString())).isZero();
  }

  @Test
  void whatIsNotThereIsSaid() {
    assertThat(run("dump", "room", "one", "--data=" + data)).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString()).isEqualTo("dormouse: there is no data folder " + data + "\n");
    assertThat(run("verify", data.toString())).isEqualTo(JarCommand.FAILED);
    assertThat(run("restore", "--from=" + backup, "--data=" + data)).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString()).contains(backup + " is no backup");
    assertThat(data).doesNotExist();
  }

  @Test
  void anActorThatIsNotStoredIsSaid() throws Exception {
    open().close();
    assertThat(run("dump", "room", "nobody", "--data=" + data)).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString())
        .isEqualTo("dormouse: there is no actor room/nobody in " + data + "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "backup",
        "restore",
        "dump room",
        "dump Room one",
        "--port=0 backup --to=x",
        "verify a b",
        "backup --to=x --port=1"
      })
  void aCommandLineAtFaultEndsWithTwo(String args) {
    assertThat(run(args.split(" "))).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(said.toString()).startsWith("dormouse: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"backup", "restore", "verify", "dump"})
  void eachCommandHasItsHelp(String command) {
    assertThat(run("--help")).isZero();
    assertThat(said.toString()).contains("Commands:", "\n  " + command + " ");
    assertThat(run(command, "--help")).isZero();
    assertThat(said.toString()).startsWith("Usage: dormouse " + command).contains("--data=FOLDER");
  }

  @DisplayName("a client's text cannot steer the terminal of a user who verifies or dumps")
  @Test
  void controlCharactersArePrintedAsEscapes() {
    assertThat(JarCommand.printable("a\u001b[2J\u009b2J\u202eb\r\n\u00e9"))
        .isEqualTo("a\\u001b[2J\\u009b2J\\u202eb\\u000d\\u000a\u00e9");
  }
}
