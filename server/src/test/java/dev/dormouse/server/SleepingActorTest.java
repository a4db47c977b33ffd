package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.GatewayOptions;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server does for its clients while their actor is asleep. */
class SleepingActorTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final Duration PING_INTERVAL = Duration.ofMillis(800);

  @TempDir private Path folder;

  /** Learns to answer {@code ping} when told so; else says how often it was activated. */
  public static final class Room extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      if (text.equals("learn")) {
        autoReply("ping", "pong");
      }
      from.send(text + " " + activation());
    }
  }

  /** A client that answers pings, and keeps what it hears. */
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
        .actor("/room/:key", Room.class, Room::new)
        .open(
            ServerOptions.defaults()
                .ports(0, 0)
                .data(folder.resolve("data"), durability)
                .idle(Duration.ofHours(1))
                .gateway(gateway));
  }

  private static void hibernate(DormouseServer server) throws Exception {
    assertThat(server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS)).isTrue();
  }

  private static void assertAsleep(DormouseServer server, long activation) {
    ActorStatus status = server.status(ROOM);
    assertThat(status.state()).isEqualTo(ActorStatus.State.HIBERNATED);
    assertThat(status.activation()).isEqualTo(activation);
    assertThat(status.connections()).isEqualTo(1);
  }

  @Test
  @DisplayName("automatic replies and pings do not wake it, another message does")
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
      assertThat(client.ask("hello")).isEqualTo("hello 2");
      assertThat(client.ask("ping")).isEqualTo("pong");
    }
  }

  @Test
  @DisplayName("automatic replies are restored after a restart")
  void restart() throws Exception {
    try (DormouseServer server = open(Durability.WAL);
        Client client = new Client(server)) {
      assertThat(client.ask("learn")).isEqualTo("learn 1");
    }
    try (DormouseServer server = open(Durability.WAL);
        Client client = new Client(server)) {
      assertThat(client.ask("ping")).isEqualTo("pong");
      hibernate(server);
      long activation = server.status(ROOM).activation();
      assertThat(client.ask("ping")).isEqualTo("pong");
      assertAsleep(server, activation);
      assertThat(client.ask("hello")).isEqualTo("hello " + (activation + 1));
    }
  }
}
