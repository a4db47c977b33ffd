package dev.dormouse.server.host;

import static dev.dormouse.server.host.TestCluster.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Changes of tags and automatic replies that a gateway has missed are told again. */
class MissedChangesTest {
  private static final long GATEWAY = 77;
  private static final AutoReply PING = new AutoReply("ping", "pong");

  /** Obeys: {@code tag a}, {@code untag a}, {@code reply}, {@code clear}; notes each activation. */
  private static final class Obedient extends Script {
    final List<String> events = new ArrayList<>();
    final CompletableFuture<Object> stage = new CompletableFuture<>();

    @Override
    void onActivate(Actor self) {
      events.add("activate");
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      String[] words = text.split(" ");
      switch (words[0]) {
        case "tag" -> from.tag(words[1]);
        case "untag" -> from.untag(words[1]);
        case "reply" -> self.reply(PING.request(), PING.reply());
        case "clear" -> self.clearReply(PING.request());
        case "slowly" -> {
          from.tag(words[1]);
          self.await(stage);
        }
        default -> throw new IllegalArgumentException(text);
      }
    }
  }

  private final Obedient script = new Obedient();
  private final TestCluster cluster = new TestCluster(script);
  private final TestCluster.Node a = cluster.node("a");
  private final TestCluster.Node b = cluster.node("b");

  private ConnectionId connectedAtA() {
    a.own().announce(GATEWAY);
    return a.connect(GATEWAY, 999);
  }

  /** Drops everything that the gateway was sent. */
  private void lose() {
    assertThat(cluster.heard(GATEWAY)).isNotEmpty();
  }

  /** Returns what the gateway hears when the comparison of its announcement goes on. */
  private List<String> toldBy(TestCluster.Node node) {
    cluster.heard(GATEWAY);
    node.ring();
    return cluster.heard(GATEWAY);
  }

  private void sleep(TestCluster.Node node) {
    CompletableFuture<Boolean> dropped = node.host.hibernate(ROOM);
    node.steps.runAll();
    assertThat(dropped).isCompletedWithValue(true);
  }

  @Test
  void tagsThatWereLostWithALinkAreToldAgain() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    lose();
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).containsExactly("a tags of " + id + " [red]");
  }

  @Test
  void tagsThatWereLostWithTheOwnerAreToldByTheNextOne() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    a.message(id, 2, "tag big");
    a.message(id, 3, "untag red");
    lose();
    b.own().announce(id, List.of("red"));
    assertThat(toldBy(b)).containsExactly("b tags of " + id + " [big]");
  }

  @Test
  void automaticRepliesThatWereLostAreToldAgain() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "reply");
    lose();
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).containsExactly("a replies to [ping]");
    a.message(id, 2, "clear");
    lose();
    b.own().announce(id, List.of(), PING);
    assertThat(toldBy(b)).containsExactly("b replies to []");
  }

  @Test
  void aGatewayThatKnowsEverythingIsToldNothing() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    a.message(id, 2, "reply");
    a.host.broken(GATEWAY);
    a.announce(id, List.of("red"), PING);
    assertThat(toldBy(a)).isEmpty();
    b.own().announce(id, List.of("red"), PING);
    assertThat(toldBy(b)).isEmpty();
    assertThat(b.host.activeActors()).isZero();
  }

  @Test
  void aChangeInAnOpenTurnIsToldOnceMoreAndNeverTakenBack() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    lose();
    a.message(id, 2, "slowly big");
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).isEmpty();
    script.stage.complete("now");
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "a tags of " + id + " [red, big]",
            "a handled " + id + " 2",
            "a tags of " + id + " [red, big]");
  }

  @Test
  void aChangeWhoseCommitIsOnItsWayIsToldFirst() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    lose();
    a.store.hold();
    a.message(id, 2, "tag big");
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).isEmpty();
    a.store.letAllThrough();
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "a tags of " + id + " [red, big]",
            "a handled " + id + " 2",
            "a tags of " + id + " [red, big]");
  }

  @Test
  void aChangeWhoseCommitIsLostIsNotToldAndTheOneBeforeItIsToldLater() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    lose();
    a.store.hold();
    a.message(id, 2, "tag big");
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).isEmpty();
    a.store.lose(new CommitResult.Refused("as asked"));
    a.store.letAllThrough();
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY)).noneMatch(heard -> heard.contains("tags of"));
    cluster.pass(Duration.ofSeconds(1), a);
    assertThat(toldBy(a)).containsExactly("a tags of " + id + " [red]");
  }

  @Test
  void tagsThatCannotBeReadAreToldLater() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    lose();
    b.own().announce(id, List.of());
    b.store.failConnectionReads(true);
    assertThat(toldBy(b)).isEmpty();
    b.store.failConnectionReads(false);
    assertThat(toldBy(b)).isEmpty();
    cluster.pass(Duration.ofSeconds(1), b);
    assertThat(toldBy(b)).containsExactly("b tags of " + id + " [red]");
  }

  @Test
  void aSleepingActorIsNotActivatedAndItsCellIsGoneAgain() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    a.message(id, 2, "reply");
    sleep(a);
    lose();
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).containsExactly("a tags of " + id + " [red]", "a replies to [ping]");
    assertThat(script.events).containsExactly("activate");
    assertThat(a.host.activeActors()).isZero();
    a.message(id, 3, "tag big");
    assertThat(script.events).containsExactly("activate", "activate");
  }

  @Test
  void anActorThatIsAwakeStaysAwakeAndKnowsItsTags() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "tag red");
    lose();
    a.host.broken(GATEWAY);
    a.announce(id, List.of());
    assertThat(toldBy(a)).hasSize(1);
    a.message(id, 2, "tag big");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly("a tags of " + id + " [red, big]", "a handled " + id + " 2");
    assertThat(script.events).containsExactly("activate");
  }

  @Test
  void shortFormsTellTagsApartWhoseHashCodesAreEqual() {
    assertThat(ToHost.Announce.stateOf(List.of("Aa"), 0))
        .isNotEqualTo(ToHost.Announce.stateOf(List.of("BB"), 0))
        .isNotEqualTo(ToHost.Announce.stateOf(List.of("A", "a"), 0))
        .isEqualTo(ToHost.Announce.stateOf(List.of("Aa"), 0));
  }
}
