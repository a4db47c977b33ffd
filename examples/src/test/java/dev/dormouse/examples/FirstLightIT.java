package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirstLightIT {
  private static final int MESSAGE_MAX = 1 << 20;

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
  void aCounterCountsPerConnectionAndInAll() throws Exception {
    try (Client first = server.connect("/counter/two");
        Client second = server.connect("/counter/two")) {
      assertThat(first.ask("x")).isEqualTo("1 1");
      assertThat(first.ask("x")).isEqualTo("2 2");
      assertThat(second.ask("x")).isEqualTo("1 3");
      assertThat(first.ask("x")).isEqualTo("3 4");
    }
  }

  @Test
  void actorsWithDifferentKeysKnowNothingOfEachOther() throws Exception {
    try (Client one = server.connect("/counter/one");
        Client other = server.connect("/counter/other")) {
      assertThat(one.ask("x")).isEqualTo("1 1");
      assertThat(other.ask("x")).isEqualTo("1 1");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 125, 126, 65_535, 65_536, MESSAGE_MAX - 1, MESSAGE_MAX})
  void anEchoComesBackWhateverItsLength(int length) throws Exception {
    String text = Client.textOf(length);
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    try (Client client = server.connect("/echo/lengths")) {
      client.send(text);
      client.send(bytes);
      assertThat(client.nextText()).isEqualTo(text);
      assertThat(client.nextBinary()).isEqualTo(bytes);
    }
  }

  @Test
  void anEchoComesBackInAnyScript() throws Exception {
    try (Client client = server.connect("/echo/scripts")) {
      String text = "Siebenschläfer, سنجاب, 睡鼠, 🐿️, \u0000\ufeff";
      assertThat(client.ask(text)).isEqualTo(text);
    }
  }

  @Test
  void aMessageBeyondTheLimitIsAnsweredWith1009() throws Exception {
    try (Client client = server.connect("/bench/echo/too-long")) {
      var unused = client.sendWithoutWaiting(Client.textOf(MESSAGE_MAX + 1));
      assertThat(client.nextClose().code()).isEqualTo(1009);
    }
  }

  @Test
  void aBroadcastReachesEveryConnectionWithItsSender() throws Exception {
    try (Client sender = server.connect("/bench/echo/cast");
        Client other = server.connect("/bench/echo/cast");
        Client elsewhere = server.connect("/bench/echo/cast-not")) {
      sender.send("Broadcast");
      sender.send("Bytes".getBytes(StandardCharsets.US_ASCII));
      for (Client client : List.of(sender, other)) {
        assertThat(client.nextText()).isEqualTo("Broadcast");
        assertThat(client.nextBinary()).asString(StandardCharsets.US_ASCII).isEqualTo("Bytes");
        assertThat(client.ask("still in step")).isEqualTo("still in step");
      }
      assertThat(elsewhere.ask("alone")).isEqualTo("alone");
    }
  }

  @ParameterizedTest
  @CsvSource({"echo, 0", "attach, 3", "put, 0"})
  void aBenchActorTellsWhatItKnows(String kind, int countAfterThree) throws Exception {
    try (Client client = server.connect("/bench/" + kind + "/state");
        Client other = server.connect("/bench/" + kind + "/state")) {
      for (String text : List.of("one", "two", "three")) {
        assertThat(client.ask(text)).isEqualTo(text);
      }
      client.send("D");
      assertThat(client.nextJson()).isEqualTo(bench(1, countAfterThree, 2));
      other.send("D");
      assertThat(other.nextJson()).isEqualTo(bench(1, 0, 2));
    }
  }

  private static JsonObject bench(int activation, int count, int connections) {
    return new JsonObject()
        .put("activation", activation)
        .put("count", count)
        .put("connections", connections);
  }

  @Test
  void aJournalAnswersWithCountAndHashAndShowsItsLines() throws Exception {
    List<String> messages = List.of("erste Zeile", "", "a\nb\r\n", "🐿️");
    List<String> answers = HashChain.answers(messages);
    try (Client one = server.connect("/journal/lines");
        Client other = server.connect("/journal/lines")) {
      assertThat(one.ask(messages.get(0))).isEqualTo(answers.get(0));
      assertThat(other.ask(messages.get(1))).isEqualTo(answers.get(1));
      assertThat(one.ask(messages.get(2))).isEqualTo(answers.get(2));
      assertThat(other.ask(messages.get(3))).isEqualTo(answers.get(3));
    }
    HttpResponse<String> log = Http.get(server.http("/journal/lines"));
    assertThat(log.statusCode()).isEqualTo(200);
    assertThat(log.body()).isEqualTo("erste Zeile\n\na\\nb\\r\\n\n🐿️\n");
  }

  @Test
  void aChatRoomTellsWhoCameWhoSpokeWhoLeft() throws Exception {
    try (Client ada = server.connect("/chat/talk?name=Ada")) {
      JsonObject welcome = ada.nextJson();
      assertThat(welcome.getString("type")).isEqualTo("welcome");
      assertThat(Chat.members(welcome)).containsExactly("Ada");
      Client bo = server.connect("/chat/talk?name=Bo");
      assertThat(Chat.members(bo.nextJson())).containsExactlyInAnyOrder("Ada", "Bo");
      assertThat(ada.nextText()).contains("joined", "Bo");
      bo.send(Chat.say("Good morning"));
      for (Client client : List.of(ada, bo)) {
        assertThat(client.nextJson().getString("text")).isEqualTo("Good morning");
      }
      bo.sendClose(1000, "");
      assertThat(bo.nextClose().code()).isEqualTo(1000);
      assertThat(ada.nextText()).contains("left", "Bo");
      ada.send("no JSON");
      assertThat(ada.nextJson().getString("type")).isEqualTo("error");
    }
  }

  @Test
  void aChatRoomRefusesWhoHasNoName() throws Exception {
    int status =
        Http.statusOf(
            server.port(),
            "/chat/talk",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Connection: Upgrade");
    assertThat(status).isEqualTo(400);
  }

  @Test
  void aCounterThatHibernatedGoesOnWhereItWas() throws Exception {
    try (Client first = server.connect("/counter/sleeper");
        Client second = server.connect("/counter/sleeper")) {
      assertThat(first.ask("x")).isEqualTo("1 1");
      assertThat(second.ask("x")).isEqualTo("1 2");
      Admin admin = server.admin();
      assertThat(admin.actor("counter", "sleeper")).isEqualTo(new Admin.Actor("awake", 2, 1));
      assertThat(admin.hibernate("counter", "sleeper")).isEqualTo(new Admin.Actor("asleep", 2, 1));
      assertThat(second.ask("x")).isEqualTo("2 3");
      assertThat(admin.actor("counter", "sleeper")).isEqualTo(new Admin.Actor("awake", 2, 2));
      assertThat(first.ask("x")).isEqualTo("2 4");
      assertThat(admin.actor("counter", "sleeper")).isEqualTo(new Admin.Actor("awake", 2, 2));
    }
  }

  @Test
  void anActorFallsAsleepByItselfAndAMessageWakesIt() throws Exception {
    try (ServerProcess drowsy =
            ServerProcess.start(directory.resolve("drowsy"), "--idle", "200ms");
        Client client = drowsy.connect("/bench/attach/drowsy")) {
      assertThat(client.ask("x")).isEqualTo("x");
      Admin.Actor asleep =
          drowsy.admin().poll("bench-attach", "drowsy", actor -> actor.state().equals("asleep"));
      assertThat(asleep).isEqualTo(new Admin.Actor("asleep", 1, 1));
      client.send("D");
      assertThat(client.nextJson()).isEqualTo(bench(2, 1, 1));
    }
  }

  @Test
  void anActorWhoseConnectionsAreGoneIsInactive() throws Exception {
    try (Client client = server.connect("/echo/gone")) {
      assertThat(client.ask("x")).isEqualTo("x");
      client.sendClose(1000, "");
      assertThat(client.nextClose().code()).isEqualTo(1000);
    }
    server.admin().poll("echo", "gone", actor -> actor.connections() == 0);
    assertThat(server.admin().hibernate("echo", "gone").state()).isEqualTo("inactive");
  }

  @Test
  void aPlainRequestToAnActorThatTakesNoneIsToldToUpgrade() throws Exception {
    HttpResponse<String> response = Http.get(server.http("/echo/x"));
    assertThat(response.statusCode()).isEqualTo(426);
    assertThat(response.headers().firstValue("Upgrade")).hasValue("websocket");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/nothing/here", "/echo", "/echo/", "/echo/a/b", "/../pom.xml", "/web/chat.js"})
  void anUnknownPathIsNotFound(String path) throws Exception {
    assertThat(Http.statusOf(server.port(), path, "Host: 127.0.0.1")).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "/, text/html",
    "/index.html, text/html",
    "/chat.js, text/javascript",
    "/chat.css, text/css"
  })
  void theChatPageIsServed(String path, String type) throws Exception {
    HttpResponse<String> response = Http.get(server.http(path));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue(type + "; charset=utf-8");
    assertThat(response.body()).isNotBlank();
  }

  @Test
  void theRoomsAreListed() throws Exception {
    try (Client client = server.connect("/chat/a%20room?name=Ada")) {
      assertThat(client.nextJson().getString("type")).isEqualTo("welcome");
      HttpResponse<String> response = Http.get(server.http("/rooms"));
      JsonArray rooms = new JsonObject(response.body()).getJsonArray("rooms");
      assertThat(rooms.stream().map(JsonObject.class::cast))
          .filteredOn(room -> room.getString("room").equals("a room"))
          .singleElement()
          .satisfies(
              room -> {
                assertThat(room.getString("state")).isEqualTo("awake");
                assertThat(room.getInteger("connections")).isEqualTo(1);
                assertThat(room.getInteger("wakes")).isEqualTo(1);
              });
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/healthz, 200",
    "/readyz, 200",
    "/actors/echo/never-seen, 200",
    "/actors/nonsense/x, 404",
    "/nothing, 404"
  })
  void theAdminPortAnswers(String path, int status) throws Exception {
    URI uri = server.admin().path(path);
    assertThat(Http.get(uri).statusCode()).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "200, Host: localhost,                    Accept: */*",
    "200, Host: 127.0.0.1:9090,               Origin: http://127.0.0.1:9090",
    "200, Host: [::1]:9090,                   Origin: http://[::1]:9090",
    "403, Host: 127.0.0.1:9090,               Origin: http://localhost:8080",
    "403, Host: attacker.example,             Accept: */*",
    "403, Host: 127.0.0.1.attacker.example,   Accept: */*",
    "403, Host: 127.0.0.1,                    Origin: https://attacker.example",
    "403, Host: 127.0.0.1,                    Origin: null",
    "403, Host: attacker.example,             Origin: http://127.0.0.1"
  })
  void theAdminPortAnswersToLoopbackNamesOnly(int status, String host, String origin)
      throws Exception {
    assertThat(Http.statusOf(server.adminPort(), "/healthz", host, origin)).isEqualTo(status);
  }
}
