package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the server's service to clients while their actor is asleep. */
class SleepingActorTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final Duration PING_INTERVAL = Duration.ofMillis(800);

  @TempDir private Path folder;
  private final BlockingQueue<String> closes = new LinkedBlockingQueue<>();

  /**
   * Learns to answer {@code ping} when told so. It tells the outcome of {@code sent}, and when a
   * client was {@code seen}. Any other message it answers with the number of its activation.
   */
  public static final class Room extends WebSocketActor<Void> {
    private final Queue<String> closes;
    private CompletionStage<Outcome> told;

    Room(Queue<String> closes) {
      this.closes = closes;
    }

    @Override
    protected void onMessage(Connection<Void> from, String text) {
      switch (text) {
        case "sent" -> told = from.send("sent").outcome();
        case "told" -> waitFor(told.thenAccept(outcome -> from.send(outcome.name())));
        case "seen" ->
            waitFor(from.lastSeen().thenAccept(at -> from.send(String.valueOf(at.orElseThrow()))));
        case "learn" -> {
          autoReply("ping", "pong");
          from.send("learn " + activation());
        }
        default -> from.send(text + " " + activation());
      }
    }

    @Override
    protected void onClose(Connection<Void> gone, CloseReason reason) {
      closes.add(reason.code() + " in activation " + activation());
    }
  }

  /** A client that answers pings and keeps what it hears. */
  private static final class Client implements WebSocket.Listener, AutoCloseable {
    final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    final BlockingQueue<ByteBuffer> pings = new LinkedBlockingQueue<>();
    private final WebSocket socket;

    Client(DormouseServer server) throws Exception {
      socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/room/one"), this)
              .get(10, TimeUnit.SECONDS);
    }

    String ask(String text) throws Exception {
      socket.sendText(text, true).get(10, TimeUnit.SECONDS);
      return String.valueOf(heard.poll(10, TimeUnit.SECONDS));
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean isLast) {
      heard.add(text.toString());
      return WebSocket.Listener.super.onText(socket, text, isLast);
    }

    @Override
    public CompletionStage<?> onPing(WebSocket socket, ByteBuffer payload) {
      pings.add(payload);
      return WebSocket.Listener.super.onPing(socket, payload);
    }

    @Override
    public void close() {
      socket.abort();
    }
  }

  private DormouseServer open(Durability durability) {
    GatewayOptions gateway = ServerOptions.defaults().gateway().pingInterval(PING_INTERVAL);
    return Dormouse.server()
        .actor("/room/:key", Room.class, () -> new Room(closes))
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .data(folder.resolve("data"))
                .durability(durability)
                .idle(Duration.ofHours(1))
                .gateway(gateway));
  }

  private static void hibernate(DormouseServer server) throws Exception {
    assertThat(server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS)).isTrue();
  }

  private static void assertAsleep(DormouseServer server, long activation) {
    ActorStatus status = server.status(ROOM);
    assertThat(status.state()).isEqualTo(ActorStatus.State.ASLEEP);
    assertThat(status.wakes()).isEqualTo(activation);
    assertThat(status.connections()).isEqualTo(1);
  }

  @Test
  @DisplayName("automatic replies and pings do not wake the actor, another message does")
  void repliesAndPings() throws Exception {
    try (DormouseServer server = open(Durability.MEMORY);
        Client client = new Client(server)) {
      assertThat(client.ask("ping")).isEqualTo("ping 1");
      assertThat(client.ask("learn")).isEqualTo("learn 1");
      hibernate(server);
      for (int i = 0; i < 3; i++) {
        assertThat(client.ask("ping")).isEqualTo("pong");
      }
      for (int i = 0; i < 3; i++) {
        assertThat(client.pings.poll(10, TimeUnit.SECONDS)).isNotNull();
      }
      assertThat(client.ask("ping")).isEqualTo("pong");
      assertAsleep(server, 1);
      assertThat(server.counts().autoReplies()).isEqualTo(4);
      assertThat(client.ask("hello")).isEqualTo("hello 2");
      assertThat(client.ask("ping")).isEqualTo("pong");
      assertThat(server.counts().autoReplies()).isEqualTo(5);
    }
  }

  @Test
  @DisplayName("a client that goes silent wakes it once it is given up, for onClose with 1006")
  void aClientThatGoesSilentWakesItOnceItIsGivenUpForOnCloseWith1006() throws Exception {
    try (DormouseServer server = open(Durability.MEMORY);
        Socket silent = connectSilently(server)) {
      hibernate(server);
      InputStream in = silent.getInputStream();
      assertThat(in.read()).isEqualTo(0x89); // a ping
      assertAsleep(server, 1);
      assertThat(closes.poll(10, TimeUnit.SECONDS)).isEqualTo("1006 in activation 2");
      assertThat(server.counts().silentDropped()).isEqualTo(1);
      hibernate(server);
      assertThat(server.status(ROOM).connections()).isZero();
    }
  }

  /** Connects a client that says nothing after its upgrade, and reads the answer to the upgrade. */
  private static Socket connectSilently(DormouseServer server) throws Exception {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    String upgrade =
        """
        GET /room/one HTTP/1.1
        Host: 127.0.0.1
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==

        """
            .replace("\n", "\r\n");
    socket.getOutputStream().write(upgrade.getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      answer.append((char) socket.getInputStream().read());
    }
    assertThat(answer).startsWith("HTTP/1.1 101 ");
    return socket;
  }

  @Test
  @DisplayName("the actor learns a message's outcome, and when a client was last seen")
  void itLearnsWhatBecameOfAMessageAndWhenAClientWasLastSeen() throws Exception {
    Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    try (DormouseServer server = open(Durability.WAL);
        Client client = new Client(server)) {
      assertThat(client.ask("sent")).isEqualTo("sent");
      assertThat(client.ask("told")).isEqualTo("WRITTEN");
      assertThat(Instant.parse(client.ask("seen"))).isBetween(before, Instant.now());
      hibernate(server);
      List<ConnectionStatus> page =
          server.connections(ROOM, null, 10).toCompletableFuture().get(10, TimeUnit.SECONDS);
      assertThat(page).hasSize(1);
      assertThat(page.get(0).lastSeen()).isBetween(before, Instant.now());
      assertAsleep(server, 1);
    }
  }

  @Test
  @DisplayName("automatic replies are restored after a restart")
  void automaticRepliesAreRestoredAfterARestart() throws Exception {
    try (DormouseServer server = open(Durability.WAL);
        Client client = new Client(server)) {
      assertThat(client.ask("learn")).isEqualTo("learn 1");
    }
    try (DormouseServer server = open(Durability.WAL);
        Client client = new Client(server)) {
      assertThat(client.ask("ping")).isEqualTo("pong");
      hibernate(server);
      long activation = server.status(ROOM).wakes();
      assertThat(client.ask("ping")).isEqualTo("pong");
      assertAsleep(server, activation);
      assertThat(server.counts().autoReplies()).isEqualTo(2);
      assertThat(client.ask("hello")).isEqualTo("hello " + (activation + 1));
    }
  }

  private static JsonObject admin(DormouseServer server, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.adminPort() + "/actors/room/one" + path);
    return new JsonObject(
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
            .body());
  }

  @Test
  @DisplayName("the admin port lists its connections, with when they were seen, page by page")
  void theAdminPortListsItsConnectionsWithWhenTheyWereSeenPageByPage() throws Exception {
    try (DormouseServer server = open(Durability.MEMORY);
        Client one = new Client(server);
        Client two = new Client(server)) {
      assertThat(one.ask("hello")).isEqualTo("hello 1");
      assertThat(two.ask("hello")).isEqualTo("hello 1");
      hibernate(server);
      JsonObject page = admin(server, "/connections?limit=1");
      JsonObject first = page.getJsonArray("connections").getJsonObject(0);
      assertThat(page.getString("next")).isEqualTo(first.getString("id"));
      assertThat(first.getInstant("lastSeen")).isAfter(Instant.EPOCH).isBefore(Instant.now());
      assertThat(first.getLong("waitingBytes")).isZero();
      JsonObject last = admin(server, "/connections?limit=1&after=" + page.getString("next"));
      JsonObject second = last.getJsonArray("connections").getJsonObject(0);
      assertThat(ConnectionId.parse(second.getString("id")))
          .isGreaterThan(ConnectionId.parse(first.getString("id")));
      assertThat(last.getString("next")).isNull();
      assertThat(admin(server, "").getString("state")).isEqualTo("asleep");
    }
  }
}
