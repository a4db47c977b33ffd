package dev.dormouse.server;

import static dev.dormouse.server.AdminClient.list;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.AdminClient.Answer;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the dashboard's report about a server, over HTTP. */
@Timeout(120)
class DashboardTest {
  private static final ActorId LOBBY = new ActorId("parlor", "lobby");
  private static final String PATH = "/api/actors/parlor/lobby";
  private static final Pattern LINK =
      Pattern.compile("(?:(?:src|href)=\"|from '|import ')([^\"'#]+)[\"']");

  private final CompletableFuture<Void> held = new CompletableFuture<>();

  @TempDir private Path folder;
  private DormouseServer server;
  private AdminClient admin;

  @BeforeEach
  void start() {
    server =
        Dormouse.server()
            .actor("/parlor/:key", Parlor.class, () -> new Parlor(held))
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .idle(Duration.ofHours(1))
                    .data(folder.resolve("data"))
                    .durability(Durability.WAL));
    admin = new AdminClient(server);
  }

  @AfterEach
  void stop() {
    held.complete(null);
    server.close();
  }

  private TextClient join(String name) throws Exception {
    return new TextClient(server, "/parlor/lobby?name=" + name);
  }

  private void hibernate() throws Exception {
    assertThat(server.hibernate(LOBBY).toCompletableFuture().get(30, TimeUnit.SECONDS)).isTrue();
  }

  private JsonObject inMemory() throws Exception {
    List<JsonObject> found = list(admin.get("/api/actors?in=awake").json(), "actors");
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  @Test
  @DisplayName("The page and every file that it and its scripts name are served by the admin port")
  void thePageIsServed() throws Exception {
    Set<String> seen = new LinkedHashSet<>(List.of("/"));
    Queue<String> toRead = new ArrayDeque<>(seen);
    while (!toRead.isEmpty()) {
      String path = toRead.remove();
      Answer answer = admin.get(path);
      assertThat(answer.status()).as(path).isEqualTo(200);
      assertThat(answer.type())
          .as(path)
          .startsWith(
              path.endsWith(".js")
                  ? "text/javascript"
                  : path.endsWith(".css")
                      ? "text/css"
                      : path.endsWith(".svg") ? "image/svg+xml" : "text/html");
      Matcher link = LINK.matcher(answer.body());
      while (link.find()) {
        String target = link.group(1).replaceFirst("^\\./", "/dashboard/");
        if (target.startsWith("/") && seen.add(target)) {
          toRead.add(target);
        }
      }
    }
    assertThat(seen).contains("/dashboard/dashboard.css", "/dashboard/api.js", "/icon.svg");
  }

  @Test
  @DisplayName("The node tells its sockets, actors by type, totals, heap, and the last seconds")
  void theNodeIsTold() throws Exception {
    try (TextClient ada = join("ada")) {
      ada.ask("keep a 10");
      JsonObject node =
          admin.await(
              "/api/node",
              told -> {
                JsonArray turns = told.getJsonObject("history").getJsonArray("turns");
                return told.getLong("sockets") == 1
                    && told.getJsonObject("totals").getLong("messagesOut") == 1
                    && !turns.isEmpty()
                    && turns.getValue(turns.size() - 1) != null;
              });

      assertThat(node.getString("durability")).isEqualTo("wal");
      assertThat(node.getLong("awake")).isEqualTo(1);
      assertThat(list(node, "types"))
          .containsExactly(new JsonObject().put("type", "parlor").put("awake", 1));
      assertThat(node.getJsonObject("totals").getLong("messagesIn")).isEqualTo(1);
      assertThat(node.getJsonObject("heap").getLong("usedBytes")).isPositive();
      assertThat(node.getJsonObject("heap").getValue("perSocketBytes")).isNull();
      JsonObject history = node.getJsonObject("history");
      int samples = history.getJsonArray("sockets").size();
      assertThat(samples).isBetween(1, history.getInteger("samplesMax"));
      assertThat(history.fieldNames())
          .contains("wakes", "messagesIn", "messagesOut", "commitMedianMs", "commitTailMs");
      for (String series : history.fieldNames()) {
        if (history.getValue(series) instanceof JsonArray values) {
          assertThat(values).as(series).hasSize(samples);
        }
      }
    }
  }

  @Test
  @DisplayName(
      "N16 Of an actor in memory it tells why: idle for so long, a waitFor, waiting events")
  void whatKeepsAnActorInMemoryIsTold() throws Exception {
    try (TextClient ada = join("ada");
        TextClient bo = join("bo")) {
      ada.ask("hi");
      assertThat(inMemory().getJsonArray("keptAwakeBy").getString(0))
          .matches("idle [0-9.]+ s of 3600\\.0 s");

      ada.send("hold");
      admin.await(
          PATH, status -> status.getJsonArray("keptAwakeBy").getString(0).startsWith("waitFor"));
      bo.send("hi");
      JsonObject told = admin.await(PATH, status -> status.getJsonArray("keptAwakeBy").size() == 2);
      assertThat(told.getJsonArray("keptAwakeBy").getString(0))
          .matches("waitFor in a turn since .* s");
      assertThat(told.getJsonArray("keptAwakeBy").getString(1)).isEqualTo("1 waiting event");
      assertThat(inMemory().getJsonArray("keptAwakeBy")).hasSize(2);

      held.complete(null);
      assertThat(bo.next()).isEqualTo("heard 3");
      admin.await(
          PATH, status -> status.getJsonArray("keptAwakeBy").getString(0).startsWith("idle "));
    }
  }

  @Test
  @DisplayName("N16 A hibernated actor is told in full, sockets and all, and is not woken by that")
  void aHibernatedActorIsToldAndNotWoken() throws Exception {
    try (TextClient ada = join("ada");
        TextClient bo = join("bo")) {
      ada.ask("keep note/1 10");
      ada.ask("keep note/2 3000");
      ada.ask("keep other 1");
      bo.ask("alarm");
      hibernate();

      JsonObject status = admin.get(PATH).json();
      List<JsonObject> connections = list(admin.get(PATH + "/connections").json(), "connections");
      List<JsonObject> values = list(admin.get(PATH + "/values?prefix=note/").json(), "values");
      JsonObject value = admin.get(PATH + "/value?key=" + values.get(1).getString("id")).json();
      List<JsonObject> found = list(admin.get("/api/actors?prefix=lob").json(), "actors");

      assertThat(status.getString("state")).isEqualTo("asleep");
      assertThat(status.getInteger("connections")).isEqualTo(2);
      assertThat(status.getLong("wakes")).isEqualTo(1);
      assertThat(status.getJsonArray("keptAwakeBy")).isEmpty();
      assertThat(status.getBoolean("isHosted")).isTrue();
      assertThat(list(status, "nextAlarms").get(0).getString("name")).isEqualTo("ring");
      assertThat(status.getJsonObject("wake").getString("reason")).isEqualTo("upgrade");
      assertThat(status.getJsonObject("wake").getDouble("tookMs")).isPositive();

      assertThat(connections).extracting(each -> each.getBoolean("isHere")).containsOnly(true);
      assertThat(connections)
          .extracting(each -> each.getJsonArray("tags"))
          .containsOnly(new JsonArray(List.of("guest", "new")));
      JsonObject attachment = connections.get(0).getJsonObject("attachment");
      assertThat(attachment.getString("name")).isEqualTo("ada");
      assertThat(attachment.getString("@class")).isEqualTo(Parlor.Guest.class.getName());
      assertThat(attachment.getString("born")).isEqualTo("1152921504606846976");
      assertThat(connections.get(0).getBoolean("isCut")).isFalse();
      assertThat(connections.get(0).getInteger("attachmentBytes")).isPositive();

      assertThat(values)
          .extracting(each -> each.getString("key"))
          .containsExactly("note/1", "note/2");
      assertThat(values.get(0).getString("value")).isEqualTo("x".repeat(10));
      assertThat(values.get(1).getValue("value")).as("over 2 KiB").isNull();
      assertThat(values.get(1).getInteger("bytes")).isGreaterThan(3_000);
      assertThat(value.getString("value")).isEqualTo("x".repeat(3_000));

      assertThat(found).hasSize(1);
      assertThat(found.get(0).getJsonObject("wake").getString("reason")).isEqualTo("upgrade");
      assertThat(admin.get(PATH).json().getLong("wakes")).isEqualTo(1);
      assertThat(list(admin.get("/api/actors?in=awake").json(), "actors")).isEmpty();

      assertThat(bo.ask("hi")).isEqualTo("heard 1");
      assertThat(admin.get(PATH).json().getJsonObject("wake").getString("reason"))
          .isEqualTo("message");
    }
  }

  @Test
  @DisplayName("N12 Turns are remembered from the first look on, and only then")
  void turnsAreRememberedOnceSomebodyLooks() throws Exception {
    try (TextClient ada = join("ada")) {
      ada.ask("keep a 10");
      JsonObject first = admin.get(PATH).json();
      assertThat(first.getJsonArray("turns")).isEmpty();
      assertThat(first.getJsonObject("wake")).as("a wake is rare").isNotNull();

      ada.ask("keep a 11");
      JsonObject told = admin.await(PATH, status -> !status.getJsonArray("turns").isEmpty());
      assertThat(list(told, "turns")).hasSize(1);
      JsonObject turn = list(told, "turns").get(0);
      assertThat(turn.getString("event")).isEqualTo("message");
      assertThat(turn.getString("outcome")).isEqualTo("committed");
      assertThat(turn.getDouble("commitMs")).isPositive();
      assertThat(turn.getLong("storedBytes")).isGreaterThan(11);
      assertThat(turn.getString("connection"))
          .isEqualTo(
              list(admin.get(PATH + "/connections").json(), "connections").get(0).getString("id"));
      assertThat(told.getString("turnsSince")).isEqualTo(first.getString("turnsSince"));
    }
  }

  @Test
  @DisplayName("A reset is told with its cause, at most 500 characters of it")
  void aResetIsToldWithItsCause() throws Exception {
    try (TextClient ada = join("ada")) {
      admin.get(PATH); // turns are remembered while somebody looks
      ada.ask("hi");
      ada.send("fail");
      JsonObject told = admin.await(PATH, status -> status.getJsonObject("failures") != null);

      assertThat(told.getJsonObject("failures").getString("cause"))
          .contains("as asked: why ")
          .hasSize(500);
      assertThat(told.getJsonObject("failures").getString("at")).endsWith("Z");
      JsonObject turn = list(told, "turns").get(0);
      assertThat(turn.getString("outcome")).isEqualTo("failed");
      assertThat(turn.getString("cause"))
          .isEqualTo(told.getJsonObject("failures").getString("cause"));
    }
  }

  @Test
  @DisplayName("Actors that failed lately are found among all, and are counted")
  void actorsThatFailedAreFound() throws Exception {
    try (TextClient ada = join("ada");
        TextClient bo = new TextClient(server, "/parlor/quiet?name=bo")) {
      bo.ask("hi");
      ada.ask("hi");
      ada.send("fail");
      admin.await("/api/node", node -> node.getInteger("failing") == 1);

      List<JsonObject> found = list(admin.get("/api/actors?in=failing").json(), "actors");

      assertThat(found).extracting(actor -> actor.getString("key")).containsExactly("lobby");
      assertThat(found.get(0).getJsonObject("failures").getInteger("number")).isEqualTo(1);
      assertThat(list(admin.get("/api/actors?in=failing&prefix=q").json(), "actors")).isEmpty();
      assertThat(list(admin.get("/api/actors?in=failing&after=parlor/lobby").json(), "actors"))
          .isEmpty();
      assertThat(
              list(admin.get("/api/actors?prefix=q").json(), "actors").get(0).getValue("failures"))
          .isNull();
    }
  }

  @Test
  @DisplayName("Connections and values come page by page, each once")
  void connectionsAndValuesComePageByPage() throws Exception {
    try (TextClient ada = join("ada");
        TextClient bo = join("bo");
        TextClient cy = join("cy")) {
      for (int i = 0; i < 20; i++) {
        ada.ask("keep k%02d 5".formatted(i));
      }
      assertThat(bo.ask("hi") + cy.ask("hi")).isEqualTo("heard 21heard 22");
      assertThat(pages(PATH + "/connections?limit=1", "connections", "id"))
          .hasSize(3)
          .doesNotHaveDuplicates();
      for (int limit : new int[] {1, 7, 8, 20, 200}) {
        assertThat(pages(PATH + "/values?limit=" + limit, "values", "key"))
            .hasSize(20)
            .isSorted()
            .doesNotHaveDuplicates();
      }
      assertThat(pages(PATH + "/values?limit=3&prefix=k1", "values", "key"))
          .hasSize(10)
          .allMatch(key -> key.startsWith("k1"));
    }
  }

  private List<String> pages(String path, String list, String name) throws Exception {
    List<String> found = new ArrayList<>();
    String after = "";
    while (after != null) {
      JsonObject page = admin.get(path + "&after=" + after).json();
      list(page, list).forEach(each -> found.add(each.getString(name)));
      after = page.getString("next");
    }
    return found;
  }

  @Test
  @DisplayName("A value of 256 KiB is shown cut, a larger one only by its size, by its longest key")
  void largeValuesAreCut() throws Exception {
    String key = "k".repeat(2_048);
    try (TextClient ada = join("ada")) {
      ada.ask("keep " + key + " 200000");
      ada.ask("keep large 300000");
      String hex = HexFormat.of().formatHex(key.getBytes(StandardCharsets.UTF_8));

      JsonObject value = admin.get(PATH + "/value?key=" + hex).json();
      assertThat(value.getString("key")).isEqualTo(key);
      assertThat(value.getString("value"))
          .startsWith("xxx")
          .hasSizeLessThan(5_000)
          .endsWith("… (200000 characters)");
      assertThat(value.getBoolean("isCut")).isTrue();
      assertThat(list(admin.get(PATH + "/values?after=" + hex).json(), "values"))
          .extracting(each -> each.getString("key"))
          .containsExactly("large");
      Answer large = admin.get(PATH + "/value?key=6c61726765");
      assertThat(large.status()).isEqualTo(413);
      assertThat(large.body()).contains("of which 262144 are shown at most");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "?limit=0, 'limit ''0'' is not 1 to 500'",
    "?limit=501, 'limit ''501'' is not 1 to 500'",
    "?limit=x, 'limit ''x'' is not 1 to 500'",
    "?limit=, 'limit '''' is not 1 to 500'",
    "?in=disk, 'in ''disk'' is neither stored nor awake'",
    "?after=lobby, 'after ''lobby'' is not of the form type/key'",
    "?after=parlor/, 'after: actor key is empty'",
    "?after=Parlor/x, 'after: actor type ''Parlor'' is not 1 to 64'",
    "?type=Parlor, 'type: actor type ''Parlor'' is not 1 to 64'",
    "/Parlor/lobby, 'actor type ''Parlor'' is not 1 to 64'",
    "/parlor/a%00b, 'actor key has the control character U+0000 at 1'",
    "/parlor/lobby/connections?limit=201, 'limit ''201'' is not 1 to 200'",
    "/parlor/lobby/connections?after=x, 'after: connection id ''x'' is not of the form 3.17'",
    "/parlor/lobby/values?limit=201, 'limit ''201'' is not 1 to 200'",
    "/parlor/lobby/values?after=xy, 'after ''xy'' is not hexadecimal'",
    "/parlor/lobby/values?after=abc, 'after ''abc'' is not hexadecimal'",
    "/parlor/lobby/values?prefix=a&after=62, 'after is no key that begins with ''a'''",
    "/parlor/lobby/value, 'key is missing'",
    "/parlor/lobby/value?key=zz, 'key ''zz'' is not hexadecimal'",
  })
  @DisplayName("A bad parameter is answered 400, with which it is and its limit")
  void badParametersAreNamed(String path, String words) throws Exception {
    Answer answer = admin.get("/api/actors" + path);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).startsWith(words);
  }

  @Test
  @DisplayName("A request with a part that is too long is answered 400 or 414, with the limit")
  void whatIsTooLongIsNamed() throws Exception {
    assertThat(admin.get("/api/actors?prefix=" + "a".repeat(513)).body())
        .isEqualTo("prefix has 513 bytes; the limit is 512\n");
    assertThat(admin.get(PATH + "/values?prefix=" + "a".repeat(8_193)).body())
        .isEqualTo("prefix has 8193 bytes; the limit is 8192\n");
    assertThat(admin.get(PATH + "/value?key=" + "00".repeat(8_193)).body())
        .isEqualTo("key has 16386 bytes; the limit is 16384\n");
    assertThat(admin.get("/api/actors?prefix=" + "a".repeat(40_000)).status()).isEqualTo(414);
  }

  @Test
  @DisplayName("A query that is no UTF-8 in percent encoding is answered 400")
  void whatIsNoQueryIsRefused() throws Exception {
    try (RawClient raw = new RawClient(server.adminPort())) {
      raw.send("GET /api/actors?prefix=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(raw.readAnswer().status()).isEqualTo(400);
    }
  }

  @Test
  @DisplayName("An actor or value that does not exist is answered 404, and is not made by asking")
  void whatThereIsNotIs404() throws Exception {
    for (String path :
        List.of(PATH, PATH + "/connections", PATH + "/values", PATH + "/value?key=00")) {
      Answer answer = admin.get(path);
      assertThat(answer.status()).as(path).isEqualTo(404);
      assertThat(answer.body()).isEqualTo("there is no actor parlor/lobby\n");
    }
    assertThat(admin.get("/api/actors/ghost/x").status()).isEqualTo(404);
    assertThat(admin.get("/api/nothing").status()).isEqualTo(404);
    assertThat(list(admin.get("/api/actors").json(), "actors")).isEmpty();
    try (TextClient ada = join("ada")) {
      ada.ask("hi");
      assertThat(admin.get(PATH + "/value?key=00").body())
          .isEqualTo("actor parlor/lobby has no value '\0'\n");
    }
  }
}
