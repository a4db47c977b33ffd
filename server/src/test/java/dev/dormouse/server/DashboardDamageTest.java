package dev.dormouse.server;

import static dev.dormouse.server.AdminClient.list;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.AdminClient.Answer;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks how the dashboard shows rows that cannot be read or understood. */
@Timeout(120)
class DashboardDamageTest {
  private static final ActorId LOBBY = new ActorId("parlor", "lobby");
  private static final String PATH = "/api/actors/parlor/lobby";

  private final Set<Table> damaged = ConcurrentHashMap.newKeySet();

  @TempDir private Path folder;
  private NodeStore store;
  private DormouseServer server;
  private AdminClient admin;

  @BeforeEach
  void start() {
    store = Stores.open(StoreOptions.in(folder).durability(Durability.WAL));
    server = Parlor.open(damaged(store), new CompletableFuture<>());
    admin = new AdminClient(server);
  }

  @AfterEach
  void stop() {
    damaged.clear();
    server.close();
  }

  /** Returns the store with tables whose rows cannot be read. */
  private NodeStore damaged(NodeStore whole) {
    return (NodeStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {NodeStore.class},
            (proxy, method, arguments) -> {
              boolean isDamaged =
                  arguments != null
                      && arguments.length > 1
                      && arguments[1] instanceof Table table
                      && damaged.contains(table);
              if (isDamaged && method.getName().equals("get")) {
                throw new CorruptRowException("the checksum is wrong", null);
              }
              try {
                Object found = method.invoke(whole, arguments);
                return isDamaged && method.getName().equals("scan") ? unread(found) : found;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static List<Row> unread(Object rows) {
    return ((List<?>) rows).stream().map(row -> new Row(((Row) row).key(), null)).toList();
  }

  private void put(Table table, byte[] key, byte[] value) throws Exception {
    store
        .commit(
            new TurnBatch(
                LOBBY, store.epochOf(LOBBY), List.of(new TurnBatch.Write(table, key, value))))
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
  }

  private TextClient join() throws Exception {
    TextClient client = new TextClient(server, "/parlor/lobby");
    client.ask("keep a 10");
    return client;
  }

  private void hibernate() throws Exception {
    assertThat(server.hibernate(LOBBY).toCompletableFuture().get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  @DisplayName("Rows whose checksum is wrong are told with their fault, among the others")
  void unreadableRowsAreTold() throws Exception {
    try (TextClient ada = join()) {
      hibernate();
      damaged.addAll(Set.of(Table.CONNECTION, Table.VALUE));

      JsonObject connection = list(admin.get(PATH + "/connections").json(), "connections").get(0);
      assertThat(connection.getString("fault")).isEqualTo("the checksum is wrong");
      assertThat(connection.getBoolean("isHere")).isTrue();
      JsonObject value = list(admin.get(PATH + "/values").json(), "values").get(0);
      assertThat(value.getString("key")).isEqualTo("a");
      assertThat(value.getString("fault")).isEqualTo("the checksum is wrong");
      Answer single = admin.get(PATH + "/value?key=61");
      assertThat(single.status() + " " + single.body()).isEqualTo("500 the checksum is wrong\n");

      damaged.clear();
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
    }
  }

  @Test
  @DisplayName("A row that nobody understands is told with its fault, a value with its bytes")
  void whatIsNotUnderstoodIsTold() throws Exception {
    try (TextClient ada = join()) {
      Row row = store.scan(LOBBY, Table.CONNECTION, KeySpan.all(), 1).get(0);
      hibernate();
      put(Table.CONNECTION, row.key(), new byte[] {1});
      put(Table.VALUE, "b".getBytes(StandardCharsets.UTF_8), new byte[] {77, 1, 2, 3});

      JsonObject connection = list(admin.get(PATH + "/connections").json(), "connections").get(0);
      assertThat(connection.getString("fault")).isNotEmpty();
      assertThat(connection.getValue("attachment")).isNull();

      put(Table.CONNECTION, row.key(), new ConnectionRow(5, List.of("t"), new byte[] {9}).encode());
      connection = list(admin.get(PATH + "/connections").json(), "connections").get(0);
      assertThat(connection.getString("fault")).isNull();
      assertThat(connection.getJsonObject("attachment").getString("@unreadable")).isNotEmpty();
      assertThat(connection.getJsonObject("attachment").getString("@hex")).isEqualTo("09");

      List<JsonObject> values = list(admin.get(PATH + "/values").json(), "values");
      assertThat(values.get(0).getString("value")).isEqualTo("x".repeat(10));
      assertThat(values.get(1).getJsonObject("value").getString("@hex")).isEqualTo("4d010203");
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
    }
  }

  @Test
  @DisplayName("An actor that cannot be read is told as such, and one can look at what it has")
  void anUnreadableActorIsTold() throws Exception {
    try (TextClient ada = join()) {
      hibernate();
      put(Table.ACTOR, ActorRow.KEY, new byte[] {1});

      assertThat(admin.get(PATH).json().getString("state")).isEqualTo("unreadable");
      assertThat(list(admin.get("/api/actors").json(), "actors").get(0).getString("state"))
          .isEqualTo("unreadable");
      assertThat(list(admin.get(PATH + "/values").json(), "values")).hasSize(1);
      JsonObject connection = list(admin.get(PATH + "/connections").json(), "connections").get(0);
      assertThat(connection.getJsonObject("attachment").getString("name")).isEqualTo("guest");
      String close = PATH + "/connections/" + connection.getString("id") + "/close?code=4000";
      assertThat(admin.post(close).status()).isEqualTo(200);
      assertThat(ada.next()).isEqualTo("closed 4000 ");
    }
  }
}
