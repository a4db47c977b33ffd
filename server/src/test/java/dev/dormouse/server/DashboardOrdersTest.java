package dev.dormouse.server;

import static dev.dormouse.server.AdminClient.list;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.AdminClient.Answer;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the orders to an actor at the admin port, as its clients and its store see them. */
@Timeout(120)
class DashboardOrdersTest {
  private static final ActorId LOBBY = new ActorId("parlor", "lobby");
  private static final String PATH = "/api/actors/parlor/lobby";

  private final CompletableFuture<Void> held = new CompletableFuture<>();

  @TempDir private Path folder;
  private NodeStore store;
  private DormouseServer server;
  private AdminClient admin;

  @BeforeEach
  void start() {
    store =
        Stores.open(StoreOptions.in(folder.resolve("data")).durability(Durability.WAL).shards(8));
    server = Parlor.open(store, held);
    admin = new AdminClient(server);
  }

  @AfterEach
  void stop() {
    held.complete(null);
    server.close();
  }

  private TextClient join() throws Exception {
    return new TextClient(server, "/parlor/lobby");
  }

  private String connection() throws Exception {
    List<JsonObject> all = list(admin.get(PATH + "/connections").json(), "connections");
    assertThat(all).hasSize(1);
    return all.get(0).getString("id");
  }

  @Test
  @DisplayName("Hibernate drops the object; its socket stays, and wakes a new one")
  void hibernateDropsTheObject() throws Exception {
    try (TextClient ada = join()) {
      ada.ask("hi");
      assertThat(ada.ask("hi")).isEqualTo("heard 2");

      JsonObject told = admin.post(PATH + "/hibernate").json();

      assertThat(told.getString("state")).isEqualTo("asleep");
      assertThat(told.getInteger("connections")).isEqualTo(1);
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
      assertThat(server.status(LOBBY).wakes()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("Reset gives an open turn up, drops the object, and is remembered; the socket stays")
  void resetGivesAnOpenTurnUpDropsTheObjectAndIsRemembered() throws Exception {
    try (TextClient ada = join()) {
      ada.ask("keep a 1");
      ada.send("hold");
      admin.await(
          PATH,
          told -> told.getJsonArray("keptAwakeBy").getString(0).startsWith("waitFor in a turn"));

      assertThat(admin.post(PATH + "/reset").status()).isEqualTo(200);

      JsonObject told = admin.await(PATH, status -> status.getJsonObject("failures") != null);
      assertThat(told.getJsonObject("failures").getString("cause"))
          .contains("as asked for at the admin port");
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
      assertThat(list(admin.get(PATH + "/values").json(), "values")).hasSize(1);
    }
  }

  @Test
  @DisplayName(
      "Close has the client hear code and reason, and onClose follows, of a sleeping actor too")
  void closeHasTheClientHearCodeAndReasonAndOnCloseFollowsOfASleepingActorToo() throws Exception {
    try (TextClient ada = join()) {
      ada.ask("hi");
      String id = connection();
      admin.post(PATH + "/hibernate").json();

      JsonObject closing =
          admin
              .post(PATH + "/connections/" + id + "/close?code=4001&reason=" + "go%20h%C3%B6me")
              .json();

      assertThat(closing).isEqualTo(new JsonObject().put("id", id).put("code", 4001));
      assertThat(ada.next()).isEqualTo("closed 4001 go höme");
      JsonObject values =
          admin.await(PATH + "/values", told -> !told.getJsonArray("values").isEmpty());
      assertThat(list(values, "values").get(0).getString("value")).contains("4001 go höme");
      admin.await("/api/node", node -> node.getLong("sockets") == 0);
      assertThat(admin.post(PATH + "/connections/" + id + "/close").status()).isEqualTo(404);
    }
    try (TextClient bo = join()) {
      bo.ask("hi");
      assertThat(admin.post(PATH + "/connections/" + connection() + "/close").status())
          .isEqualTo(200);
      assertThat(bo.next()).isEqualTo("closed 1000 ");
    }
  }

  @Test
  @DisplayName(
      "What cannot be done in time is answered 409, with what keeps the actor, and done later")
  void whatTakesLongerIsAConflict() throws Exception {
    try (TextClient ada = join()) {
      ada.ask("hi");
      ada.send("hold");
      admin.await(
          PATH,
          told -> told.getJsonArray("keptAwakeBy").getString(0).startsWith("waitFor in a turn"));

      Answer answer = admin.post(PATH + "/hibernate");

      assertThat(answer.status()).isEqualTo(409);
      assertThat(answer.json().getString("reason"))
          .startsWith("the actor is not dropped after 5 s")
          .contains("waitFor in a turn since");
      assertThat(answer.json().getString("state")).isEqualTo("awake");
      held.complete(null);
      admin.await(PATH, told -> told.getString("state").equals("asleep"));
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
    }
  }

  @Test
  @DisplayName("A connection whose socket is not here cannot be closed: 409 with the reason")
  void aConnectionWithoutASocketIsAConflict() throws Exception {
    try (TextClient ada = join()) {
      ada.ask("hi");
      ConnectionId elsewhere = ConnectionId.of(store.run(), 77);
      byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(elsewhere.value()).array();
      Row here = store.scan(LOBBY, Table.CONNECTION, KeySpan.all(), 1).get(0);
      assertThat(here.key()).hasSameSizeAs(key);
      store
          .commit(
              new TurnBatch(
                  LOBBY,
                  store.epochOf(LOBBY),
                  List.of(
                      new TurnBatch.Write(
                          Table.CONNECTION, key, new ConnectionRow(1, List.of(), null).encode()))))
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);

      Answer answer = admin.post(PATH + "/connections/" + elsewhere + "/close");

      assertThat(answer.status()).isEqualTo(409);
      assertThat(answer.json().getString("reason"))
          .startsWith("the socket of connection " + elsewhere + " is not on this node");
      List<JsonObject> all = list(admin.get(PATH + "/connections").json(), "connections");
      assertThat(all).extracting(each -> each.getBoolean("isHere")).containsExactly(true, false);
      assertThat(ada.ask("hi")).isEqualTo("heard 2");
    }
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "/api/actors/ghost/x/hibernate, 404, there is no actor type ghost",
        "/api/actors/ghost/x/reset, 404, there is no actor type ghost",
        "/api/actors/ghost/x/connections/1.1/close, 404, there is no actor type ghost",
        "/api/actors/parlor/nobody/hibernate, 404, there is no actor parlor/nobody",
        "/api/actors/parlor/nobody/reset, 404, there is no actor parlor/nobody",
        "/api/actors/parlor/nobody/connections/1.1/close, 404, there is no actor parlor/nobody",
        "/api/actors/parlor/lobby/connections/0.0/close, 404, actor parlor/lobby has no connection 0.0",
        "/api/actors/parlor/lobby/connections/x/close, 400, connection id 'x' is not of the form 3.17",
        "/api/actors/parlor/lobby/connections/1.1/close?code=x, 400, code 'x' is not 0 to 9999",
        "/api/actors/parlor/lobby/connections/1.1/close?code=1006, 400, close code 1006 may not be sent; use 1000-1003",
        "/api/actors/Parlor/lobby/reset, 400, actor type 'Parlor' is not 1 to 64",
        "/api/actors/parlor/lobby/sleep, 404, <html>",
      },
      quoteCharacter = '"')
  @DisplayName("An order that cannot be is answered 400 or 404, and says why")
  void whatCannotBeOrderedIsSaid(String path, int status, String words) throws Exception {
    try (TextClient ada = join()) {
      ada.ask("hi");

      Answer answer = admin.post(path);

      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.body()).startsWith(words);
      assertThat(ada.ask("hi")).isEqualTo("heard 2");
    }
  }

  @Test
  @DisplayName("A reason of a close is at most 123 bytes")
  void aReasonIsShort() throws Exception {
    assertThat(admin.post(PATH + "/connections/1.1/close?reason=" + "a".repeat(124)).body())
        .isEqualTo("reason has 124 bytes; the limit is 123\n");
  }

  @ParameterizedTest
  @CsvSource({"/hibernate", "/reset", "/connections/%s/close"})
  @DisplayName("An order from a page of another site is refused, and a GET is none")
  void ordersOfOtherSitesAreRefused(String order) throws Exception {
    try (TextClient ada = join()) {
      ada.ask("hi");
      String path = PATH + order.formatted(connection());

      assertThat(admin.post(path, "Origin", "http://evil.example").status()).isEqualTo(403);
      assertThat(admin.post(path, "Origin", "null").status()).isEqualTo(403);
      assertThat(admin.post(path, "Sec-Fetch-Site", "cross-site").status()).isEqualTo(403);
      assertThat(admin.get(path).status()).isIn(404, 405);

      assertThat(ada.ask("hi")).isEqualTo("heard 2");
      assertThat(admin.post(path, "Origin", server.adminUrl()).status()).isEqualTo(200);
    }
  }
}
