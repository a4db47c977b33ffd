package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.ServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at the admin ports of three servers that are one cluster. */
class ClusterAdminTest {
  private static final List<String> NAMES = List.of("a", "b", "c");
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

  @TempDir private Path folder;

  private final Map<String, DormouseServer> servers = new TreeMap<>();
  private final Map<String, String> peers = new TreeMap<>();

  /** Stores its last message. */
  public static final class Room extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      storage().put("last", text);
      from.send(text);
    }
  }

  @BeforeEach
  void startAll() throws Exception {
    Files.writeString(folder.resolve("secret"), "0123456789abcdef0123456789abcdef");
    Iterator<Integer> ports = LastingPorts.choose(NAMES.size()).iterator();
    NAMES.forEach(name -> peers.put(name, "127.0.0.1:" + ports.next()));
    List<CompletableFuture<Void>> starts = new ArrayList<>();
    NAMES.forEach(name -> starts.add(CompletableFuture.runAsync(() -> start(name))));
    CompletableFuture.allOf(starts.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
  }

  private void start(String name) {
    DormouseServer server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(folder.resolve(name))
                    .drain(Duration.ofSeconds(10))
                    .cluster(ClusterOptions.of(name, peers, folder.resolve("secret"))));
    synchronized (servers) {
      servers.put(name, server);
    }
  }

  @AfterEach
  void stopAll() {
    servers.values().parallelStream().forEach(DormouseServer::close);
  }

  private String get(String node, String path) throws Exception {
    URI uri = URI.create(servers.get(node).adminUrl() + path);
    HttpResponse<String> answer =
        HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  /** Asks a node for the cluster until the answer is as it should be. */
  private JsonObject awaitCluster(String node, Predicate<JsonObject> isSo) throws Exception {
    long startNs = System.nanoTime();
    while (true) {
      JsonObject cluster = new JsonObject(get(node, "/api/node")).getJsonObject("cluster");
      if (isSo.test(cluster)) {
        return cluster;
      }
      assertThat(System.nanoTime() - startNs).as("%s", cluster).isLessThan(LIMIT_NS);
    }
  }

  private static boolean isWhole(JsonObject cluster) {
    return cluster.getJsonArray("missing").isEmpty();
  }

  private double metric(String node, String name) throws Exception {
    return get(node, "/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyNodeShowsTheClusterAndNoticesTheLossOfANode() throws Exception {
    for (String node : NAMES) {
      awaitCluster(node, ClusterAdminTest::isWhole);
    }
    JsonObject cluster = new JsonObject(get("b", "/api/cluster"));
    assertThat(cluster.getString("node")).isEqualTo("b");
    assertThat(cluster.getString("cluster")).isNotEmpty();
    JsonArray nodes = cluster.getJsonArray("nodes");
    assertThat(nodes.stream().map(node -> ((JsonObject) node).getString("name")))
        .containsExactlyElementsOf(NAMES);
    assertThat(nodes.stream().map(node -> ((JsonObject) node).getString("state")))
        .containsOnly("up");
    assertThat(cluster.getJsonArray("groups")).hasSize(ClusterOptions.GROUPS);

    double led = 0;
    for (String node : NAMES) {
      led += metric(node, "dormouse_cluster_groups_led");
      assertThat(metric(node, "dormouse_cluster_nodes_up")).isEqualTo(3);
      assertThat(metric(node, "dormouse_cluster_groups_leaderless")).isZero();
      assertThat(metric(node, "dormouse_alarms_overdue")).isZero();
    }
    assertThat(led).isEqualTo(ClusterOptions.GROUPS);

    Set<String> owners = new HashSet<>();
    for (String node : NAMES) {
      owners.add(new JsonObject(get(node, "/actors/room/one")).getString("owner"));
    }
    assertThat(owners).hasSize(1).isSubsetOf(NAMES);
    try (TextClient client = new TextClient(servers.get("a"), "/room/one")) {
      assertThat(client.ask("hello")).isEqualTo("hello");
    }
    for (String node : NAMES) {
      assertThat(new JsonObject(get(node, "/api/actors/room/one")).getString("owner"))
          .isEqualTo(owners.iterator().next());
    }

    servers.remove("c").close();
    JsonObject broken = awaitCluster("a", status -> status.getLong("nodesUp") == 2);
    assertThat(broken.getJsonArray("missing")).contains("node c is not connected to node a");
    assertThat(get("a", "/readyz")).isEqualTo("ready\n");
    awaitCluster("a", status -> status.getLong("groupsLeaderless") == 0);
    start("c");
    awaitCluster("c", ClusterAdminTest::isWhole);
  }
}
