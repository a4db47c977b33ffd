package dev.dormouse.server;

import static dev.dormouse.server.AdminClient.list;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks the list of very many actors, over HTTP and a real store. */
@Timeout(300)
class DashboardPagingTest {
  private static final byte[] SOMETHING = {1};

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir private Path folder;

  /**
   * Stores actors {@code k000000} and so on, of a type. Each has a value, so that it stays when it
   * falls asleep.
   */
  private void store(String type, int number) throws Exception {
    try (NodeStore store = Stores.open(StoreOptions.in(folder).durability(Durability.WAL))) {
      List<CompletableFuture<?>> commits = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        commits.add(
            store
                .commit(
                    new TurnBatch(
                        new ActorId(type, key(i)),
                        store.epochOf(new ActorId(type, key(i))),
                        List.of(
                            new TurnBatch.Write(
                                Table.ACTOR, ActorRow.KEY, new ActorRow(1, 3).encode()),
                            new TurnBatch.Write(Table.VALUE, SOMETHING, SOMETHING))))
                .toCompletableFuture());
      }
      CompletableFuture.allOf(commits.toArray(CompletableFuture[]::new)).get(200, TimeUnit.SECONDS);
    }
  }

  private static String key(int i) {
    return "k%06d".formatted(i);
  }

  private DormouseServer open() {
    return Dormouse.server()
        .actor("/parlor/:key", Parlor.class, () -> new Parlor(new CompletableFuture<>()))
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .idle(Duration.ofHours(1))
                .data(folder)
                .durability(Durability.WAL));
  }

  /** Brings an actor into memory. */
  private static void wake(DormouseServer server, String key) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/parlor/" + key);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build();
    assertThat(HTTP.send(request, BodyHandlers.ofString()).body()).isEqualTo("here");
  }

  private static List<String> keys(JsonObject page) {
    return list(page, "actors").stream().map(actor -> actor.getString("key")).toList();
  }

  /** An action between two pages. */
  private interface Meanwhile {
    void happens(int page) throws Exception;
  }

  private static List<String> all(AdminClient admin, String query, Meanwhile meanwhile)
      throws Exception {
    List<String> found = new ArrayList<>();
    String after = "";
    int page = 0;
    while (after != null) {
      JsonObject told = admin.get("/api/actors?" + query + "&after=" + after).json();
      found.addAll(keys(told));
      String next = told.getString("next");
      after = next == null ? null : AdminClient.encoded(next);
      meanwhile.happens(page++);
    }
    return found;
  }

  @Test
  @DisplayName("2,000 stored actors come page by page, each once, by type and by prefix")
  void storedActorsComeOnceEach() throws Exception {
    store("parlor", 2_000);
    store("ghost", 100);
    try (DormouseServer server = open()) {
      AdminClient admin = new AdminClient(server);

      assertThat(all(admin, "limit=500", page -> {})).hasSize(2_100);
      assertThat(all(admin, "type=parlor&limit=130", page -> {}))
          .hasSize(2_000)
          .doesNotHaveDuplicates();
      assertThat(all(admin, "type=parlor&prefix=k0012", page -> {}))
          .hasSize(100)
          .doesNotHaveDuplicates()
          .allMatch(key -> key.startsWith("k0012"));
      assertThat(all(admin, "prefix=k001999", page -> {})).containsExactly("k001999");
      assertThat(all(admin, "prefix=nobody", page -> {})).isEmpty();
      assertThat(all(admin, "in=awake", page -> {})).as("looked at, not woken").isEmpty();

      JsonObject ghost = admin.get("/api/actors/ghost/k000001").json();
      assertThat(ghost.getBoolean("isHosted")).isFalse();
      assertThat(ghost.getLong("wakes")).isEqualTo(3);
      assertThat(list(admin.get("/api/actors/ghost/k000001/connections").json(), "connections"))
          .isEmpty();
      assertThat(admin.post("/api/actors/ghost/k000001/reset").body())
          .isEqualTo("there is no actor type ghost\n");
    }
  }

  @Test
  @DisplayName(
      "Each actor that is there all the while is on one page, once, while others come and go")
  void pagesHoldWhileActorsComeAndGo() throws Exception {
    store("parlor", 500);
    try (DormouseServer server = open()) {
      AdminClient admin = new AdminClient(server);

      List<String> stored =
          all(
              admin,
              "limit=50",
              page -> {
                wake(server, "new" + page);
                wake(server, key(page * 37));
                admin.post("/api/actors/parlor/" + key(page * 37) + "/hibernate").json();
              });
      assertThat(stored).doesNotHaveDuplicates();
      assertThat(stored.stream().filter(key -> key.startsWith("k"))).hasSize(500);

      for (int i = 0; i < 60; i++) {
        wake(server, "stays%02d".formatted(i));
      }
      List<String> awake =
          all(
              admin,
              "in=awake&prefix=stays&limit=7",
              page -> {
                wake(server, "stays%02da".formatted(page));
                wake(server, "stays%02db".formatted(59 - page));
                admin.post("/api/actors/parlor/stays%02da/hibernate".formatted(page)).json();
              });
      assertThat(awake).doesNotHaveDuplicates().isSorted();
      assertThat(awake.stream().filter(key -> key.length() == 7)).hasSize(60);
    }
  }

  @Test
  @Tag("full")
  @DisplayName("A page of 100,000 stored actors is told in less than 5 s, wherever it lies")
  void aPageOfVeryMany() throws Exception {
    store("parlor", 100_000);
    try (DormouseServer server = open()) {
      AdminClient admin = new AdminClient(server);
      String after = "";
      for (int i = 0; i < 3; i++) {
        for (String query :
            List.of("limit=50", "limit=500", "prefix=k09&limit=50", "prefix=nobody&limit=50")) {
          long beganNs = System.nanoTime();
          JsonObject page = admin.get("/api/actors?" + query + "&after=" + after).json();
          long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNs);
          System.out.printf(
              "100,000 stored actors, a page of ?%s: %d actors, %d looked at, %d ms%n",
              query, keys(page).size(), page.getInteger("looked"), tookMs);
          assertThat(tookMs).isLessThan(5_000);
          after = AdminClient.encoded(page.getString("next"));
        }
      }
      assertThat(all(admin, "limit=500", page -> {})).hasSize(100_000).doesNotHaveDuplicates();
    }
  }
}
