package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whole servers, beside each other and one after the other. */
class ServerLivesTest {
  private static final ActorId ROOM = new ActorId("room", "one");

  @TempDir private Path folder;

  /** Sends its messages to all connections, and tells who has gone, and why. */
  public static final class Room extends WebSocketActor<String> {
    @Override
    protected void onUpgrade(Upgrade<String> upgrade) {
      upgrade.accept(upgrade.head().query("name").orElse("guest"));
    }

    @Override
    protected void onMessage(Connection<String> from, String text) {
      switch (text) {
        case "gone?" -> from.send(storage().get("gone", String.class).orElse("nobody"));
        case "linger" -> storage().put("lingers", true);
        case "reset" -> {
          connections().broadcast("never heard");
          throw reset("as asked");
        }
        default -> connections().broadcast(from.attachment() + ": " + text);
      }
    }

    @Override
    protected void onClose(Connection<String> gone, CloseReason reason) {
      boolean isLingering = storage().get("lingers", Boolean.class).orElse(false);
      if (isLingering && reason.cause() == CloseReason.Cause.SHUTDOWN) {
        waitFor(new CompletableFuture<>()); // a stop does not wait as long
      }
      String line = gone.attachment() + " " + reason.code() + " " + reason.cause();
      storage().put("gone", storage().get("gone", String.class).orElse("") + line + ";");
    }
  }

  private static DormouseServer open(ServerOptions options) {
    return Dormouse.server()
        .actor("/room/:key", Room.class, Room::new)
        .open(options.port(0).adminPort(0).idle(Duration.ofHours(1)));
  }

  private DormouseServer open() {
    return open(Duration.ofMillis(500));
  }

  private DormouseServer open(Duration drain) {
    return open(
        ServerOptions.defaults()
            .data(folder.resolve("data"))
            .durability(Durability.WAL)
            .drain(drain));
  }

  /** Stops a server before its clients are gone. */
  private static void stop(DormouseServer server) {
    server.close();
  }

  @Test
  @DisplayName("S27 Two servers in one process do not meet")
  void twoServersInOneProcessDoNotMeet() throws Exception {
    ServerOptions inMemory = ServerOptions.defaults().data(folder).durability(Durability.MEMORY);
    try (DormouseServer left = open(inMemory);
        DormouseServer right = open(inMemory);
        TextClient ada = new TextClient(left, "/room/one?name=ada");
        TextClient bo = new TextClient(right, "/room/one?name=bo")) {
      ada.send("hello");
      bo.send("hi");
      assertThat(ada.next()).isEqualTo("ada: hello");
      assertThat(bo.next()).isEqualTo("bo: hi");
      assertThat(left.status(ROOM).connections()).isEqualTo(1);
      stop(left);
      assertThat(ada.next()).isEqualTo("closed 1001 ");
      assertThat(bo.ask("still here")).isEqualTo("bo: still here");
    }
  }

  @Test
  @DisplayName("S30 A broadcast reaches the sockets of an actor that slept, and was reset")
  void aBroadcastReachesTheSocketsOfAnActorThatSleptAndWasReset() throws Exception {
    try (DormouseServer server = open();
        TextClient ada = new TextClient(server, "/room/one?name=ada");
        TextClient bo = new TextClient(server, "/room/one?name=bo")) {
      assertThat(server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS)).isTrue();
      ada.send("1");
      ada.send("reset");
      ada.send("2");
      for (TextClient client : new TextClient[] {ada, bo}) {
        assertThat(client.next()).isEqualTo("ada: 1");
        assertThat(client.next()).isEqualTo("ada: 2");
      }
    }
  }

  @Test
  @DisplayName(
      "S31 A close that a stop did not come to is delivered by the next start, and says so")
  void aCloseThatAStopDidNotComeToIsDeliveredByTheNextStartAndSaysSo() throws Exception {
    try (DormouseServer server = open();
        TextClient ada = new TextClient(server, "/room/one?name=ada")) {
      ada.send("linger");
      assertThat(ada.ask("gone?")).isEqualTo("nobody");
      stop(server);
      assertThat(ada.next()).isEqualTo("closed 1001 ");
    }
    try (DormouseServer server = open();
        TextClient bo = new TextClient(server, "/room/one?name=bo")) {
      assertThat(bo.ask("gone?")).isEqualTo("ada 1006 SHUTDOWN_UNFINISHED;");
      assertThat(server.status(ROOM).connections()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("A second call of close() returns when the server is closed")
  void whoClosesAServerThatIsClosingReturnsWhenItIsClosed() throws Exception {
    DormouseServer server = open();
    try (TextClient ada = new TextClient(server, "/room/one?name=ada")) {
      ada.send("linger");
      assertThat(ada.ask("gone?")).isEqualTo("nobody");
      CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
      assertThat(ada.next()).isEqualTo("closed 1001 "); // the first close goes on
      server.close();
      open().close(); // the folder is free
      closing.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  @DisplayName("An interrupt does not keep a stop from finishing, and is not lost")
  void anInterruptDoesNotKeepAStopFromFinishingAndIsNotLost() throws Exception {
    DormouseServer server = open(Duration.ofSeconds(30));
    try (TextClient ada = new TextClient(server, "/room/one?name=ada")) {
      assertThat(ada.ask("gone?")).isEqualTo("nobody");
      Thread.currentThread().interrupt();
      server.close();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ada.next()).isEqualTo("closed 1001 ");
    }
    try (DormouseServer again = open();
        TextClient bo = new TextClient(again, "/room/one?name=bo")) {
      assertThat(bo.ask("gone?")).isEqualTo("ada 1001 SHUTDOWN;");
    }
  }

  @Test
  @DisplayName("A server that cannot be put together leaves the store closed")
  void cannotBeWired() {
    StoreOptions inFolder = StoreOptions.in(folder.resolve("data")).durability(Durability.WAL);
    Transport broken =
        new Transport() {
          @Override
          public void toHost(Owner owner, ToHost record) {}

          @Override
          public void toGateway(long gateway, FromHost record) {}

          @Override
          public void connect(HostEnd host, GatewayEnd gateway) {
            throw new IllegalStateException("no way");
          }
        };
    NodeStore store = Stores.open(inFolder);
    assertThatThrownBy(
            () ->
                DormouseServer.open(
                    List.of(), List.of(), List.of(), ServerOptions.defaults(), store, broken))
        .hasMessage("no way");
    Stores.open(inFolder).close();
  }

  @Test
  @DisplayName(
      "While a server starts it says that its port, which is to be a free one, is not known")
  void portBeforeItListens() {
    Dormouse asking =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .routes((router, server) -> assertThat(server.port()).isEqualTo(-1));
    ServerOptions anyPort =
        ServerOptions.defaults().data(folder).durability(Durability.MEMORY).port(0).adminPort(0);
    assertThatThrownBy(() -> asking.open(anyPort))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the server does not listen yet; its free port is not chosen yet");
  }
}
