package dev.dormouse.server.host;

import static dev.dormouse.server.host.TestCluster.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A close that an actor has sent takes effect, even if its gateway did not hear of it. */
class LostKicksTest {
  private static final long GATEWAY = 77;
  private static final long OTHER = 78;

  /** Kicks, greets, and tells how it sees the others; notes what it is told. */
  private static final class Bouncer extends Script {
    final List<String> events = new ArrayList<>();

    @Override
    void onActivate(Actor self) {
      events.add("activate");
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      switch (text) {
        case "kick" -> others(self, from).forEach(each -> each.close(4001, "kicked"));
        case "kick all" -> self.all().close(4002, "all");
        case "kick me" -> from.close(4003, "as you wish");
        case "kick and throw" -> {
          others(self, from).forEach(each -> each.close(4001, "kicked"));
          throw new IllegalStateException("as asked");
        }
        case "greet" -> others(self, from).forEach(each -> each.send("hello"));
        case "tag" -> others(self, from).forEach(each -> each.tag("late"));
        case "look" ->
            others(self, from).forEach(each -> events.add(each.id() + " " + each.isOpen()));
        default -> events.add(from.id() + " says " + text);
      }
    }

    private static List<Connection<Object>> others(Actor self, Connection<Object> from) {
      List<Connection<Object>> others = new ArrayList<>();
      self.all().except(from).forEach(others::add);
      return others;
    }

    @Override
    void onError(Actor self, Connection<Object> connection, ConnectionFailedException error) {
      events.add("error of " + connection.id() + ", open " + connection.isOpen());
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      String name = ((Note) gone.attachment()).name();
      events.add(name + " is gone: " + gone.id() + " " + reason.code() + " " + reason.reason());
    }
  }

  private final Bouncer script = new Bouncer();
  private final TestCluster cluster = new TestCluster(script);
  private final TestCluster.Node a = cluster.node("a");
  private final TestCluster.Node b = cluster.node("b");
  private ConnectionId kicker;
  private ConnectionId guest;

  /** Has two clients of two gateways, the first of which asks the actor for something. */
  private void ask(String text) {
    a.own().announce(GATEWAY).announce(OTHER);
    kicker = a.connect(OTHER, 999);
    guest = a.connect(GATEWAY, 999);
    a.message(kicker, 1, text);
    assertThat(cluster.heard(OTHER)).isNotEmpty();
  }

  private List<String> told(TestCluster.Node node, long gateway) {
    node.ring();
    return cluster.heard(gateway);
  }

  /** Moves the actor to the other node, which hears of both sockets. */
  private void moveToB() {
    b.own();
    cluster.heard(GATEWAY); // the close is lost with the owner
    cluster.heard(OTHER);
    b.announce(GATEWAY, guest).announce(OTHER, kicker);
    script.events.clear();
  }

  private void closed(TestCluster.Node node, int code, String reason) {
    CloseReason ended = new CloseReason(code, reason, CloseReason.Cause.ACTOR);
    node.tell(GATEWAY, node.epoch(), new ToHost.Closed(ROOM, guest, ended));
  }

  private List<String> events() {
    List<String> noted = List.copyOf(script.events);
    script.events.clear();
    return noted;
  }

  @Test
  void theNextOwnerTellsACloseThatWasLostWithTheFormerOne() {
    ask("kick");
    moveToB();
    assertThat(told(b, GATEWAY)).containsExactly("b attached", "b close " + guest + " 4001");
    assertThat(told(b, OTHER)).containsExactly("b attached");
    assertThat(events()).isEmpty();
    closed(b, 4001, "kicked");
    closed(b, 4001, "kicked");
    assertThat(events()).containsExactly("activate", "n is gone: " + guest + " 4001 kicked");
    assertThat(cluster.heard(GATEWAY)).containsExactly("b ended " + guest, "b ended " + guest);
    b.message(kicker, 2, "look");
    assertThat(events()).isEmpty();
  }

  @Test
  void theSameOwnerTellsACloseAgainThatWasLostWithALink() {
    ask("kick");
    cluster.heard(GATEWAY);
    a.host.broken(GATEWAY);
    a.announce(GATEWAY, guest);
    assertThat(told(a, GATEWAY)).contains("a close " + guest + " 4001");
  }

  @Test
  void aClosedConnectionIsSeenAsClosedByTheNextOwner() {
    ask("kick");
    moveToB();
    cluster.heard(GATEWAY);
    b.message(kicker, 2, "look");
    b.message(kicker, 3, "greet");
    b.message(kicker, 4, "kick");
    b.message(kicker, 5, "tag");
    assertThat(events()).containsExactly("activate", guest + " false");
    assertThat(cluster.heard(GATEWAY)).isEmpty();
    assertThat(told(b, GATEWAY)).containsExactly("b close " + guest + " 4001");
  }

  @Test
  void aMessageOfAClosedConnectionIsAnsweredWithTheCloseAndHasNoEffect() {
    ask("kick");
    b.own().announce(GATEWAY, guest);
    cluster.heard(GATEWAY);
    events();
    b.message(guest, 1, "hi");
    b.message(guest, 2, "hi again");
    b.repeat(guest, 3, "and again");
    assertThat(events()).containsExactly("activate");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "b handled " + guest + " 1",
            "b close " + guest + " 4001",
            "b handled " + guest + " 2",
            "b close " + guest + " 4001",
            "b handled " + guest + " 3",
            "b close " + guest + " 4001");
  }

  @Test
  void anErrorOfAClosedConnectionIsOfOneThatIsNotOpen() {
    ask("kick");
    moveToB();
    CloseReason ended = new CloseReason(4001, "kicked", CloseReason.Cause.ACTOR);
    b.tell(GATEWAY, b.epoch(), new ToHost.Failed(ROOM, guest, "as asked", ended));
    assertThat(events()).containsExactly("activate", "error of " + guest + ", open false");
  }

  @Test
  void allConnectionsThatAreClosedAtOnceAreTold() {
    ask("kick all");
    moveToB();
    assertThat(told(b, GATEWAY)).containsExactly("b attached", "b close " + guest + " 4002");
    assertThat(told(b, OTHER)).containsExactly("b attached", "b close " + kicker + " 4002");
  }

  @Test
  void aMessageThatClosesItsOwnConnectionKeepsBothItsNumberAndTheClose() {
    ask("kick me");
    moveToB();
    assertThat(told(b, OTHER)).containsExactly("b attached", "b close " + kicker + " 4003");
    b.repeat(kicker, 1, "kick me");
    assertThat(cluster.heard(OTHER))
        .containsExactly("b handled " + kicker + " 1", "b close " + kicker + " 4003");
    assertThat(events()).isEmpty();
  }

  @Test
  void aCloseOfAFailedTurnIsNotStored() {
    ask("kick and throw");
    moveToB();
    assertThat(told(b, GATEWAY)).containsExactly("b attached");
    b.message(guest, 1, "hi");
    assertThat(events()).containsExactly("activate", guest + " says hi");
  }

  @Test
  void theNextOwnerOfTheNextOwnerTellsItToo() {
    ask("kick");
    moveToB();
    told(b, GATEWAY);
    TestCluster.Node c = cluster.node("c");
    c.own().announce(GATEWAY, guest);
    assertThat(told(c, GATEWAY)).contains("c close " + guest + " 4001");
  }

  @Test
  void aCellThatOnlyTellsOfACloseLeavesMemoryOnceTheCloseTookEffect() {
    ask("kick");
    moveToB();
    told(b, GATEWAY);
    assertThat(b.host.activeActors()).isEqualTo(1);
    closed(b, 4001, "kicked");
    CompletableFuture<Boolean> dropped = b.host.hibernate(ROOM);
    b.steps.runAll();
    assertThat(dropped).isCompletedWithValue(true);
    assertThat(b.host.activeActors()).isZero();
  }

  @Test
  void aClosedConnectionOfAGatewayThatNeverComesIsClosedOnce() {
    ask("kick");
    b.own().announce(OTHER, kicker);
    events();
    cluster.pass(Duration.ofSeconds(11), b);
    b.ring();
    assertThat(events()).containsExactly("activate", "n is gone: " + guest + " 1006 ");
  }

  @Test
  void aNodeThatIsAloneStoresNoClose() {
    TestHost alone = new TestHost(new MemoryDisk(), script);
    ConnectionId ada = alone.connect("ada");
    alone.message(ada, "kick me");
    List<ActorStore.Row> rows = alone.store.scan(ROOM, Table.CONNECTION, KeySpan.all(), 2);
    assertThat(rows).hasSize(1);
    assertThat(ConnectionRow.decode(rows.get(0).value()).closing()).isNull();
  }
}
