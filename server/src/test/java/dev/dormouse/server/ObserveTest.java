package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorHibernated;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks the events that observers of a whole server hear. */
class ObserveTest {
  private static final ActorId ROOM = new ActorId("room", "one");

  /** Answers with the number of its activation. */
  public static final class Room extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      from.send(text + " " + activation());
    }
  }

  @Test
  @DisplayName("N11 one id from handshake to close, across hibernation")
  void oneIdGoesFromHandshakeToCloseAcrossHibernation() throws Exception {
    Heard heard = new Heard(false);
    try (DormouseServer server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .observe(heard)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("unused"))
                    .durability(Durability.MEMORY))) {
      ConnectionId id;
      try (TextClient client = new TextClient(server, "/room/one")) {
        id = heard.next(UpgradeStarted.class).connection();
        assertThat(heard.next(UpgradeAccepted.class).connection()).isEqualTo(id);
        assertThat(client.ask("a")).isEqualTo("a 1");
        assertThat(server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(heard.next(ActorHibernated.class).actor()).isEqualTo(ROOM);
        assertThat(client.ask("b")).isEqualTo("b 2");
        ActorActivated woken = heard.next(ActorActivated.class);
        assertThat(woken.reason()).isEqualTo("message");
        assertThat(woken.activation()).isEqualTo(2);
        TurnEnded ended = heard.next(TurnEnded.class);
        assertThat(ended.connection()).isEqualTo(id);
        assertThat(ended.queuedNs()).isPositive();
        assertThat(ended.ranNs()).isPositive();
      }
      assertThat(heard.next(ConnectionClosed.class).connection()).isEqualTo(id);
    }
    assertThat(heard.waiting(ConnectionClosed.class)).isEmpty();
  }

  @Test
  @DisplayName("N12 whoever ended listening hears nothing more")
  void whoeverEndedListeningHearsNothingMore() throws Exception {
    Heard heard = new Heard(true);
    try (DormouseServer server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("unused"))
                    .durability(Durability.MEMORY))) {
      Runnable end = server.observe(heard);
      try (TextClient client = new TextClient(server, "/room/one")) {
        heard.next(UpgradeAccepted.class);
        end.run();
        client.ask("a");
        heard.waiting(Object.class);
      }
    }
    assertThat(heard.waiting(ConnectionClosed.class)).isEmpty();
  }
}
