package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.RequestEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the metrics that {@code GET /metrics} of the admin port returns. */
class MetricsTest {
  private static final ActorId ROOM = new ActorId("room", "secretkey");
  private static final Pattern LINE =
      Pattern.compile("([a-z_:0-9]+(?:\\{[^}]*})?) ([-+.0-9eEaNIinf]+)", Pattern.CASE_INSENSITIVE);

  /** Echoes messages. */
  public static final class Room extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      storage().put("last", text);
      from.send(text);
    }
  }

  @TempDir private Path folder;
  private final Heard heard = new Heard(false);
  private DormouseServer server;

  @BeforeEach
  void start() {
    server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .routes(
                (router, running) -> {
                  router.get("/guarded").handler(r -> r.response().setStatusCode(401).end());
                  router.get("/plain").handler(r -> r.response().end("plain"));
                })
            .observe(heard)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(folder.resolve("data"))
                    .durability(Durability.WAL));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static HttpResponse<String> get(int port, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  /** Returns every line of the page, by name and labels. */
  private Map<String, Double> metrics() throws Exception {
    HttpResponse<String> answer = get(server.adminPort(), "/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    Map<String, Double> values = new LinkedHashMap<>();
    for (String line : answer.body().split("\n")) {
      if (!line.startsWith("#")) {
        Matcher matcher = LINE.matcher(line.strip());
        assertThat(matcher.matches()).as(line).isTrue();
        String value = matcher.group(2);
        values.put(matcher.group(1), Double.valueOf(value.replace("+Inf", "Infinity")));
      }
    }
    return values;
  }

  /** Waits until a line of the page has this value. */
  private void await(String name, double value) throws Exception {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    Double last = metrics().get(name);
    while (last == null || last != value) {
      assertThat(System.nanoTime())
          .as("%s is %s, not %s", name, last, value)
          .isLessThan(deadlineNs);
      last = metrics().get(name);
    }
  }

  private void refused(String path) throws Exception {
    try (TextClient client = new TextClient(server, path)) {
      throw new AssertionError("it was accepted: " + client.next());
    } catch (ExecutionException refused) {
      assertThat(refused).hasMessageContaining("Handshake");
    }
  }

  @Test
  @DisplayName("connections, actors, turns, wakes, commits and the store are there, and move")
  void connectionsActorsTurnsWakesCommitsAndTheStoreAreThereAndMove() throws Exception {
    Map<String, Double> before = metrics();
    assertThat(before).containsEntry("dormouse_connections", 0.0);
    try (TextClient client = new TextClient(server, "/room/secretkey")) {
      assertThat(client.ask("a")).isEqualTo("a");
      await("dormouse_connections", 1);
      await("dormouse_actors_awake", 1);
      await("dormouse_actors_asleep", 0);
      assertThat(server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS)).isTrue();
      await("dormouse_actors_awake", 0);
      await("dormouse_actors_asleep", 1);
      assertThat(client.ask("b")).isEqualTo("b");
    }
    heard.next(ConnectionClosed.class);
    while (!heard.next(TurnEnded.class).event().equals("close")) {}
    Map<String, Double> after = metrics();
    assertThat(after)
        .containsEntry("dormouse_messages_total{direction=\"in\"}", 2.0)
        .containsEntry("dormouse_messages_total{direction=\"out\"}", 2.0)
        .containsEntry(
            "dormouse_actor_wake_duration_seconds_count{reason=\"message\",type=\"room\"}", 1.0)
        .containsEntry(
            "dormouse_actor_wake_duration_seconds_count{reason=\"upgrade\",type=\"room\"}", 1.0)
        .containsEntry(
            "dormouse_turn_run_duration_seconds_count"
                + "{event=\"message\",outcome=\"committed\",type=\"room\"}",
            2.0)
        .containsEntry("dormouse_upgrade_duration_seconds_count{outcome=\"accepted\"}", 1.0);
    assertThat(after.get("dormouse_store_commits_total")).isGreaterThan(3);
    assertThat(after.get("dormouse_store_writes_total")).isPositive();
    assertThat(after.get("dormouse_store_size_bytes")).isPositive();
    assertThat(after.keySet()).anyMatch(name -> name.startsWith("jvm_memory_used_bytes"));
    assertThat(after.keySet()).noneMatch(name -> name.contains("secretkey"));
  }

  @Test
  @DisplayName("every reason to refuse is there, and moves; so are all drops")
  void everyReasonToRefuseIsThereAndMoves() throws Exception {
    Map<String, Double> before = metrics();
    for (Refusal why : Refusal.values()) {
      assertThat(before).containsEntry(line(why), 0.0);
    }
    for (String reason :
        new String[] {"after_close", "connection_gone", "slow_client", "conflated"}) {
      assertThat(before).containsKey("dormouse_messages_dropped_total{reason=\"" + reason + "\"}");
    }
    get(server.port(), "/room/%C3%28");
    await(line(Refusal.HANDSHAKE), 1);
  }

  private static String line(Refusal why) {
    return "dormouse_upgrades_refused_total{reason=\""
        + why.name().toLowerCase(Locale.ROOT)
        + "\"}";
  }

  @Test
  @DisplayName(
      "N9 an upgrade that is accepted is no HTTP request, one that is declined is one, once")
  void anUpgradeThatIsAcceptedIsNoHTTPRequestOneThatIsDeclinedIsOneOnce() throws Exception {
    metrics();
    try (TextClient client = new TextClient(server, "/room/secretkey")) {
      client.ask("a");
    }
    refused("/guarded");
    assertThat(get(server.port(), "/plain").body()).isEqualTo("plain");
    assertThat(heard.next(RequestEnded.class).status()).isEqualTo(401);
    assertThat(heard.next(RequestEnded.class).status()).isEqualTo(200);
    await(request(401), 1);
    await(request(200), 1);
    await("http_server_active_requests", 0);
    assertThat(metrics()).doesNotContainKey(request(101));
  }

  private static String request(int status) {
    return "http_server_request_duration_seconds_count"
        + "{http_request_method=\"GET\",http_response_status_code=\""
        + status
        + "\"}";
  }

  @Test
  @DisplayName("a registry of the application has the meters until they are removed")
  void aRegistryOfTheApplicationHasTheMetersUntilTheyAreRemoved() throws Exception {
    MeterRegistry registry = new SimpleMeterRegistry();
    Runnable removal = server.meters(registry);
    try (TextClient client = new TextClient(server, "/room/" + ROOM.key())) {
      assertThat(client.ask("hello")).isEqualTo("hello");
      assertThat(registry.get("dormouse.connections").gauge().value()).isEqualTo(1);
      assertThat(registry.get("dormouse.actor.wake.duration").timer().count()).isEqualTo(1);
    }

    removal.run();
    removal.run();

    assertThat(registry.find("dormouse.connections").gauge()).isNull();
    server.meters(registry);
    server.close();
    assertThat(registry.get("dormouse.store.commits").functionCounter().count()).isPositive();
    assertThat(server.whyNotReady()).contains("not ready");
  }
}
