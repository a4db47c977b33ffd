package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Inspects whole servers. */
class InspectedServerTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final int CONNECTIONS_MAX = 50;
  private static final int SLEEPERS = 40;
  private static final String CREATED = "Network.webSocketCreated";
  private static final String WILL_SEND = "Network.webSocketWillSendHandshakeRequest";
  private static final String ANSWERED = "Network.webSocketHandshakeResponseReceived";
  private static final String RECEIVED = "Network.webSocketFrameReceived";
  private static final String SENT = "Network.webSocketFrameSent";
  private static final String ERROR = "Network.webSocketFrameError";
  private static final String CLOSED = "Network.webSocketClosed";
  private static final Predicate<JsonObject> IS_CLOSED = is(CLOSED);

  /**
   * Echoes messages. It refuses an upgrade that says {@code no}, and never decides about one that
   * says {@code perhaps}.
   */
  public static final class Room extends WebSocketActor<String> {
    @Override
    protected void onUpgrade(Upgrade<String> upgrade) {
      switch (upgrade.head().query("say").orElse("yes")) {
        case "no" -> upgrade.reject(403, "no");
        case "perhaps" -> waitFor(new CompletableFuture<>());
        default -> upgrade.accept("guest");
      }
      autoReply("ping", "pong");
    }

    @Override
    protected void onMessage(Connection<String> from, String text) {
      from.send("heard " + text);
    }
  }

  @TempDir private Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private DormouseServer server;

  @BeforeEach
  void start() {
    server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .routes(
                (router, started) ->
                    router
                        .route("/room/locked")
                        .handler(
                            request ->
                                request
                                    .response()
                                    .setStatusCode(401)
                                    .putHeader("WWW-Authenticate", "Basic realm=\"room\"")
                                    .end("who are you?")))
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(folder)
                    .durability(Durability.MEMORY)
                    .idle(Duration.ofHours(1))
                    .drain(Duration.ofSeconds(1))
                    .gateway(
                        GatewayOptions.defaults()
                            .limits(ConnectionLimits.none().connectionsMax(CONNECTIONS_MAX))));
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    server.close();
  }

  private RawClient client() {
    RawClient client = new RawClient(server.port());
    open.add(client);
    return client;
  }

  /** Attaches an inspector of both domains, which is told of everything that is open. */
  private InspectorClient inspector(String path, List<JsonObject> announced) throws Exception {
    InspectorClient inspector = InspectorClient.attach(server.adminPort(), path);
    open.add(inspector::close);
    inspector.ask("Dormouse.enable");
    inspector.ask("Network.enable");
    announced.addAll(inspector.until(is("Dormouse.announced")));
    return inspector;
  }

  private InspectorClient inspector() throws Exception {
    return inspector("/devtools/node", new ArrayList<>());
  }

  private static Predicate<JsonObject> is(String method) {
    return event -> event.getString("method").equals(method);
  }

  private static JsonObject params(JsonObject event) {
    return event.getJsonObject("params");
  }

  private static List<JsonObject> of(List<JsonObject> events, String method) {
    return events.stream().filter(is(method)).toList();
  }

  /** Returns the methods of the events in the domain Network. */
  private static List<String> network(List<JsonObject> events) {
    return events.stream()
        .map(event -> event.getString("method"))
        .filter(method -> method.startsWith("Network."))
        .toList();
  }

  private void hibernate() throws Exception {
    assertThat(server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  @DisplayName("N3 N6 N8 N11 N16 a connection is seen from its upgrade, over a sleep, to its close")
  void aWholeLife() throws Exception {
    InspectorClient inspector = inspector();
    RawClient client =
        client()
            .open("/room/one?token=s3cret", "Authorization: Bearer s3cret", "Cookie: sid=s3cret");
    client.text("hi");
    assertThat(client.readText()).isEqualTo("heard hi");
    client.text("ping");
    assertThat(client.readText()).isEqualTo("pong");
    hibernate();
    List<JsonObject> events = inspector.until(is("Dormouse.actorHibernated"));

    List<JsonObject> announced = new ArrayList<>();
    InspectorClient late = inspector("/devtools/node?type=room&key=one", announced);
    client.text("again");
    assertThat(client.readText()).isEqualTo("heard again");
    client.send(RawClient.closeFrame(1000, "bye"));
    assertThat(client.readClose()).isEqualTo(1000);
    client.awaitEnd();

    List<JsonObject> after = inspector.until(is("Dormouse.connectionClosed"));
    if (of(after, CLOSED).isEmpty()) {
      after.addAll(inspector.until(IS_CLOSED));
    }
    events.addAll(after);
    assertThat(network(events))
        .containsExactly(
            CREATED, WILL_SEND, ANSWERED, RECEIVED, SENT, RECEIVED, SENT, RECEIVED, SENT, RECEIVED,
            SENT, CLOSED);
    String id = params(of(events, CREATED).get(0)).getString("requestId");
    assertThat(
            events.stream()
                .filter(event -> event.getString("method").startsWith("Network."))
                .map(event -> params(event).getString("requestId")))
        .containsOnly(id);
    assertThat(params(of(events, CREATED).get(0)).getString("url"))
        .isEqualTo("ws://dormouse.test/room/one?token=(redacted)");
    assertThat(events.toString()).doesNotContain("s3cret");
    assertThat(of(events, "Dormouse.frameDetails").stream().map(e -> params(e).getBoolean("sent")))
        .containsExactly(false, true);
    assertThat(
            of(events, "Dormouse.actorActivated").stream()
                .map(event -> params(event).getString("reason")))
        .containsExactly("upgrade", "message");
    assertThat(params(of(events, "Dormouse.connectionClosed").get(0)).getInteger("code"))
        .isEqualTo(1000);

    List<JsonObject> seenLate = new ArrayList<>(announced);
    seenLate.addAll(late.until(IS_CLOSED));
    assertThat(network(seenLate))
        .containsExactly(CREATED, WILL_SEND, ANSWERED, RECEIVED, SENT, RECEIVED, SENT, CLOSED);
    assertThat(params(of(announced, CREATED).get(0)))
        .isEqualTo(
            new JsonObject()
                .put("requestId", id)
                .put("url", "ws://127.0.0.1:" + server.port() + "/room/one"));
  }

  @ParameterizedTest
  @CsvSource({
    "401, /room/locked, 'X-Any: 1'",
    "403, /room/one?say=no, 'X-Any: 1'",
    "403, /room/one, 'Origin: https://evil.example'",
    "426, /room/one, 'Sec-WebSocket-Version: 99'",
    "404, /nowhere/one, 'X-Any: 1'",
  })
  @DisplayName("N5 an upgrade that is rejected is seen with its status, and closes")
  void anUpgradeThatIsRejectedIsSeenWithItsStatusAndCloses(int status, String path, String header)
      throws Exception {
    InspectorClient inspector = inspector();
    List<String> headers = new ArrayList<>(RawClient.goodHeaders());
    headers.removeIf(each -> each.startsWith(header.substring(0, header.indexOf(':'))));
    headers.add(header);
    String head = RawClient.head("GET " + path + " HTTP/1.1", headers);

    assertThat(client().send(head).readAnswer().status()).isEqualTo(status);
    List<JsonObject> events = inspector.until(IS_CLOSED);

    assertThat(network(events)).containsExactly(CREATED, WILL_SEND, ANSWERED, CLOSED);
    assertThat(params(of(events, ANSWERED).get(0)).getJsonObject("response").getInteger("status"))
        .isEqualTo(status);
  }

  @Test
  @DisplayName(
      "N5 an upgrade that a full node rejects is seen with 503; N16 all that sleep are seen")
  void sleepersAndAFullNode() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < SLEEPERS; i++) {
      clients.add(client().open("/room/one"));
    }
    hibernate();
    List<JsonObject> announced = new ArrayList<>();
    InspectorClient inspector = inspector("/devtools/node", announced);
    assertThat(server.status(ROOM).state()).hasToString("ASLEEP");
    Set<String> ids = new HashSet<>();
    of(announced, CREATED).forEach(event -> ids.add(params(event).getString("requestId")));
    assertThat(ids).hasSize(SLEEPERS);
    assertThat(of(announced, ANSWERED)).hasSize(SLEEPERS);
    assertThat(params(of(announced, "Dormouse.announced").get(0)).getInteger("connections"))
        .isEqualTo(SLEEPERS);

    for (int i = SLEEPERS; i < CONNECTIONS_MAX; i++) {
      clients.add(client().open("/room/one"));
    }
    assertThat(client().send(RawClient.upgrade("/room/one")).readAnswer().status()).isEqualTo(503);
    List<JsonObject> events = inspector.until(IS_CLOSED);
    List<JsonObject> answers = of(events, ANSWERED);
    assertThat(
            params(answers.get(answers.size() - 1)).getJsonObject("response").getInteger("status"))
        .isEqualTo(503);

    clients.forEach(RawClient::reset);
    List<String> closed = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
      List<JsonObject> more = inspector.until(IS_CLOSED);
      closed.add(params(more.get(more.size() - 1)).getString("requestId"));
    }
    assertThat(closed).doesNotHaveDuplicates().containsAll(ids);
  }

  @Test
  @DisplayName("N8 an upgrade that its client gives up is seen to end")
  void anUpgradeThatItsClientGivesUpIsSeenToEnd() throws Exception {
    InspectorClient inspector = inspector();
    RawClient client = client().send(RawClient.upgrade("/room/one?say=perhaps"));
    List<JsonObject> events = new ArrayList<>(inspector.until(is(WILL_SEND)));
    client.reset();
    events.addAll(inspector.until(IS_CLOSED));

    assertThat(network(events)).containsExactly(CREATED, WILL_SEND, ERROR, CLOSED);
  }

  @Test
  @DisplayName("N7 a client that breaks the protocol is seen to, before the close")
  void aClientThatBreaksTheProtocolIsSeenToBeforeTheClose() throws Exception {
    InspectorClient inspector = inspector();
    RawClient client = client().open("/room/one");
    client.send(new byte[] {(byte) 0x81, 1, 'x'}); // not masked
    assertThat(client.readClose()).isEqualTo(1002);
    client.close();
    List<JsonObject> events = inspector.until(IS_CLOSED);

    assertThat(network(events)).startsWith(CREATED, WILL_SEND, ANSWERED).endsWith(CLOSED);
    assertThat(of(events, ERROR)).hasSize(1);
  }

  @Test
  @DisplayName("N6 a long message is cut, and says how long it is")
  void aLongMessage() throws Exception {
    InspectorClient inspector = inspector();
    RawClient client = client().open("/room/one");
    client.text("x".repeat(5_000));
    assertThat(client.readText().getBytes(StandardCharsets.UTF_8)).hasSize(5_006);
    List<JsonObject> events = inspector.until(is(SENT));

    assertThat(
            params(of(events, RECEIVED).get(0)).getJsonObject("response").getString("payloadData"))
        .isEqualTo("x".repeat(4_096) + "… (5000 bytes in all)");
  }
}
