package dev.dormouse.server.host;

import static dev.dormouse.server.host.TestCluster.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.owner.Ownership;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Stores;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The move of an actor from the host of one node to that of another, whenever it happens. */
class MovesTest {
  private static final long GATEWAY = 77;
  private static final long OTHER = 78;

  /** Notes what runs, stores words, and waits if it is told so. */
  private static final class Diary extends Script {
    final List<String> events = new ArrayList<>();
    final List<Outcome> outcomes = new ArrayList<>();
    CompletableFuture<Object> stage = new CompletableFuture<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      events.add(text);
      if (text.equals("large")) {
        self.store().put("word", text);
      }
      if (text.startsWith("set ")) {
        self.store().put("word", text.substring(4));
      } else if (text.startsWith("wait ") && !text.equals("wait large")) {
        self.store().put("word", text.substring(5));
        self.await(stage);
      } else if (text.equals("all")) {
        self.all().broadcast("hello");
      } else if (text.equals("alarm")) {
        self.clock().after("bell", Duration.ofSeconds(3));
      } else if (text.equals("large")) {
        from.send("x".repeat(100_000));
      } else if (text.equals("wait large")) {
        from.send("x".repeat(100_000));
        self.await(stage);
      } else if (text.equals("ask")) {
        from.send("did you get it?").outcome().thenAccept(outcomes::add);
      }
      from.send("done " + text);
    }

    @Override
    HttpAnswer onRequest(Actor self, HttpRequest request) {
      events.add("request");
      self.store().put("word", "requested");
      self.await(stage);
      return HttpResponse.text(200, "done");
    }

    @Override
    void onAlarm(Actor self, Alarm alarm) {
      events.add("rung");
      self.store().put("word", "rung");
      self.all().broadcast("ring");
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      events.add("close " + gone.id() + " " + reason.cause());
    }

    @Override
    void onHibernate(Actor self) {
      events.add("hibernate");
    }
  }

  private final Diary diary = new Diary();
  private final TestCluster cluster = new TestCluster(diary);
  private final TestCluster.Node a = cluster.node("a");
  private final TestCluster.Node b = cluster.node("b");

  private ConnectionId connectedAtA() {
    a.own().announce(GATEWAY);
    ConnectionId id = a.connect(GATEWAY, 1_001);
    assertThat(cluster.heard(GATEWAY)).containsExactly("a attached", "a accepted " + id);
    return id;
  }

  // The door.

  @Test
  void announcementsInAnOlderEpochOrToAnotherNodeAreRefusedAndNothingBehindThemIsTaken() {
    ConnectionId id = connectedAtA();
    ToHost message = new ToHost.Message(ROOM, id, 1, Payload.text("x"));
    ToHost announce = new ToHost.Announce(a.group(), 1_000, new long[] {id.value()}, true, true);
    b.tell(GATEWAY, a.epoch(), announce);
    b.tell(GATEWAY, a.epoch(), message);
    a.tell(GATEWAY, a.epoch() - 1, announce);
    a.tell(GATEWAY, a.epoch() - 1, message);
    assertThat(cluster.heard(GATEWAY)).containsExactly("b not owner", "a not owner, but a");
    assertThat(diary.events).isEmpty();
  }

  @Test
  void aLaterEpochTellsTheHostThatItOwnsTheGroupNoLonger() {
    ConnectionId id = connectedAtA();
    ToHost message = new ToHost.Message(ROOM, id, 1, Payload.text("x"));
    a.tell(GATEWAY, a.epoch() + 1, message);
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner");
    assertThat(a.host.owns(ROOM)).isFalse();
    assertThat(a.host.activeActors()).isZero();
    a.tell(GATEWAY, a.epoch(), message);
    assertThat(diary.events).isEmpty();
  }

  @Test
  void nothingIsTakenOfAGatewayThatHasNotAnnouncedItsSockets() {
    connectedAtA();
    ConnectionId other = ConnectionId.of(OTHER, 1_001);
    a.tell(OTHER, a.epoch(), new ToHost.Open(ROOM, other, TestHost.head("name", "n"), null));
    assertThat(cluster.heard(OTHER)).isEmpty();
    a.announce(OTHER).connect(OTHER, 1_001);
    assertThat(cluster.heard(OTHER)).containsExactly("a attached", "a accepted " + other);
  }

  // The loss of a group.

  @Test
  void anOpenTurnIsAbandonedAndRunsOnceOnTheNextOwner() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "wait first");
    CompletableFuture<Boolean> dropped = a.host.hibernate(ROOM);
    a.message(id, 2, "queued");
    b.own();
    assertThat(dropped).isCompletedWithValue(false);
    assertThat(a.host.activeActors()).isZero();
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner");
    diary.stage.complete("late");
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY)).isEmpty();
    b.announce(GATEWAY, id);
    b.repeat(id, 1, "set first");
    b.repeat(id, 2, "queued");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "b attached",
            "b to " + id + " done set first",
            "b handled " + id + " 1",
            "b to " + id + " done queued",
            "b handled " + id + " 2");
    assertThat(diary.events).containsExactly("wait first", "set first", "queued");
  }

  @Test
  void whatACommitOnItsWayWouldSayNeverLeavesAfterTheLoss() {
    ConnectionId id = connectedAtA();
    a.store.hold();
    a.message(id, 1, "set a");
    assertThat(a.store.waiting()).isEqualTo(1);
    b.own();
    a.store.letAllThrough();
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner");
    b.announce(GATEWAY, id);
    b.repeat(id, 1, "set a");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly("b attached", "b to " + id + " done set a", "b handled " + id + " 1");
  }

  @Test
  void aMessageWhoseCommitWasKeptBeforeTheLossIsNotRunAgain() {
    ConnectionId id = connectedAtA();
    a.store.hold();
    a.message(id, 1, "set a");
    a.store.keepUnreported();
    b.own();
    b.announce(GATEWAY, id);
    cluster.heard(GATEWAY);
    b.repeat(id, 1, "set a");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly("b handled " + id + " 1", "b close " + id + " 1012");
    assertThat(diary.events).containsExactly("set a");
  }

  @Test
  void theNextCellOnTheSameNodeWaitsForTheCommitsOfTheDroppedOne() {
    ConnectionId id = connectedAtA();
    a.store.hold();
    a.message(id, 1, "set a");
    b.own();
    a.own().announce(GATEWAY, id);
    a.repeat(id, 1, "set a");
    assertThat(diary.events).containsExactly("set a");
    a.store.lose(new CommitResult.Fenced(a.epoch()));
    a.steps.runAll();
    assertThat(diary.events).containsExactly("set a", "set a");
    cluster.heard(GATEWAY);
    a.store.letAllThrough();
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY))
        .containsExactly("a to " + id + " done set a", "a handled " + id + " 1");
  }

  @Test
  void aHostThatDoesNotHearOfTheLossSaysNothingThatTheStoreDoesNotConfirm() {
    ConnectionId id = connectedAtA();
    Stores.memory(cluster.disk); // takes everything over; the stores before do not hear of it
    a.message(id, 1, "look");
    assertThat(diary.events).containsExactly("look");
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner");
    assertThat(a.host.owns(ROOM)).isFalse();
  }

  @Test
  void aFencedCommitEndsTheOwnershipAndClosesNothing() {
    ConnectionId id = connectedAtA();
    Stores.memory(cluster.disk);
    a.message(id, 1, "set a");
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner");
    assertThat(a.host.owns(ROOM)).isFalse();
    assertThat(a.host.activeActors()).isZero();
  }

  @Test
  void theMemoryOfTurnsThatAreDroppedIsCountedNoLonger() {
    ConnectionId id = connectedAtA();
    a.store.hold();
    a.message(id, 1, "large");
    a.message(id, 2, "wait large");
    assertThat(a.host.unsettledBytes()).isGreaterThan(300_000);
    b.own();
    assertThat(a.host.unsettledBytes()).isZero();
    a.store.letAllThrough();
    diary.stage.complete("late");
    a.steps.runAll();
    assertThat(a.host.unsettledBytes()).isZero();
  }

  @Test
  void questionsOfActorsThatAreDroppedAreAnswered() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "ask");
    assertThat(a.host.openQuestions()).isEqualTo(1);
    b.own();
    a.steps.runAll();
    assertThat(a.host.openQuestions()).isZero();
    assertThat(diary.outcomes).containsExactly(Outcome.CONNECTION_CLOSED);
  }

  @Test
  void ofTwoOwnersOnlyOneIsHeard() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "wait first");
    a.store.hold();
    diary.stage.complete("now");
    a.steps.runAll(); // its commit is on the way
    b.own().announce(GATEWAY, id);
    diary.stage = CompletableFuture.completedFuture("at once");
    b.repeat(id, 1, "wait first");
    a.store.letAllThrough();
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "a not owner",
            "b attached",
            "b to " + id + " done wait first",
            "b handled " + id + " 1");
  }

  // Leaving in good order.

  @Test
  void aGroupThatIsGivenUpFinishesItsTurnsAndClosesNothing() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "wait first");
    a.message(id, 2, "queued");
    CompletionStage<Void> left =
        a.host.giveUp(a.group(), new Owner("b", a.epoch() + 1), Duration.ofSeconds(5));
    a.message(id, 3, "set late");
    a.steps.runAll();
    assertThat(left.toCompletableFuture()).isNotDone();
    assertThat(cluster.heard(GATEWAY)).isEmpty();
    a.store.hold();
    diary.stage.complete("now");
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY)).isEmpty();
    a.store.letAllThrough();
    a.steps.runAll();
    assertThat(left.toCompletableFuture()).isDone();
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "a to " + id + " done wait first", "a handled " + id + " 1", "a not owner, but b");
    assertThat(diary.events).containsExactly("wait first", "hibernate");
    b.own().announce(GATEWAY, id);
    b.repeat(id, 2, "queued");
    b.repeat(id, 3, "set late");
    assertThat(cluster.heard(GATEWAY)).contains("b handled " + id + " 3");
    assertThat(diary.events).containsExactly("wait first", "hibernate", "queued", "set late");
  }

  @Test
  void aGroupThatCannotBeLeftInTimeIsDropped() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "wait for ever");
    CompletionStage<Void> left =
        a.host.giveUp(a.group(), new Owner("b", a.epoch() + 1), Duration.ofSeconds(5));
    cluster.pass(Duration.ofMillis(4_750), a);
    assertThat(left.toCompletableFuture()).isNotDone();
    cluster.pass(Duration.ofMillis(250), a);
    assertThat(left.toCompletableFuture()).isDone();
    diary.stage.complete("late");
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner, but b");
    assertThat(a.host.activeActors()).isZero();
  }

  // The link to a gateway breaks.

  @Test
  void whatIsInATurnWhenTheGatewayAnnouncesItsSocketsAgainIsNotRunTwice() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "wait first");
    a.message(id, 2, "set b");
    a.host.broken(GATEWAY);
    a.announce(GATEWAY, id);
    a.repeat(id, 1, "wait first");
    a.repeat(id, 2, "set b");
    diary.stage.complete("now");
    a.steps.runAll();
    assertThat(diary.events).containsExactly("wait first", "set b");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "a attached",
            "a to " + id + " done wait first",
            "a handled " + id + " 1",
            "a to " + id + " done set b",
            "a handled " + id + " 2");
  }

  @Test
  void whatIsInACommitOrHeldWhenTheGatewayAnnouncesItsSocketsAgainIsNotRunTwice() {
    ConnectionId id = connectedAtA();
    a.store.hold();
    a.message(id, 1, "set a");
    a.message(id, 2, "set b");
    a.host.broken(GATEWAY);
    a.store.letThrough();
    a.steps.runAll();
    assertThat(cluster.heard(GATEWAY)).isEmpty();
    a.announce(GATEWAY, id);
    a.repeat(id, 1, "set a");
    a.repeat(id, 2, "set b");
    a.store.letAllThrough();
    a.steps.runAll();
    a.message(id, 3, "set c");
    assertThat(diary.events).containsExactly("set a", "set b", "set c");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly(
            "a attached",
            "a to " + id + " done set a",
            "a handled " + id + " 1",
            "a to " + id + " done set b",
            "a handled " + id + " 2",
            "a to " + id + " done set c",
            "a handled " + id + " 3");
  }

  @Test
  void aMessageWhoseAnswerWasLostWithTheLinkIsAnsweredAndItsSocketClosed() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "set a");
    a.host.broken(GATEWAY);
    cluster.heard(GATEWAY); // lost
    a.announce(GATEWAY, id);
    a.repeat(id, 1, "set a");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly("a attached", "a handled " + id + " 1", "a close " + id + " 1012");
    assertThat(diary.events).containsExactly("set a");
  }

  @Test
  void aRequestThatIsHandledWhenItsGatewayComesAgainIsNotRunTwice() {
    a.own().announce(GATEWAY);
    long number = ConnectionId.of(GATEWAY, 5).value();
    a.tell(GATEWAY, a.epoch(), request(number, false));
    a.host.broken(GATEWAY);
    a.announce(GATEWAY);
    a.tell(GATEWAY, a.epoch(), request(number, true));
    diary.stage.complete("now");
    a.steps.runAll();
    assertThat(diary.events).containsExactly("request");
    assertThat(cluster.heard(GATEWAY)).containsExactly("a attached", "a attached", "a answer 200");
  }

  private static ToHost request(long number, boolean isRepeat) {
    return new ToHost.Request(ROOM, number, TestHost.head("a", "b"), new byte[0], number, isRepeat);
  }

  // The way out.

  @Test
  void eachGatewayGetsWhatConcernsIt() {
    ConnectionId id = connectedAtA();
    a.announce(OTHER);
    ConnectionId other = a.connect(OTHER, 1_001);
    cluster.heard(OTHER);
    a.message(id, 1, "all");
    assertThat(cluster.heard(GATEWAY))
        .containsExactly("a to all hello", "a to " + id + " done all", "a handled " + id + " 1");
    assertThat(cluster.heard(OTHER)).containsExactly("a to all hello");
    a.close(other);
    a.message(id, 2, "all");
    assertThat(cluster.heard(OTHER)).containsExactly("a ended " + other);
  }

  @Test
  void whatAnAlarmSaysOnANewOwnerIsHeldUntilTheGatewayHasAnnouncedItsSockets() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "alarm");
    cluster.heard(GATEWAY);
    b.own();
    cluster.time.advance(Duration.ofSeconds(3));
    a.ring();
    assertThat(diary.events).containsExactly("alarm");
    b.ring();
    assertThat(diary.events).containsExactly("alarm", "rung");
    assertThat(cluster.heard(GATEWAY)).containsExactly("a not owner");
    b.announce(GATEWAY, id);
    assertThat(cluster.heard(GATEWAY)).containsExactly("b attached", "b to all ring");
    b.host.broken(GATEWAY);
    b.announce(GATEWAY, id);
    assertThat(cluster.heard(GATEWAY)).containsExactly("b attached");
  }

  @Test
  void anAlarmThatIsUnderWayWhenTheGroupIsLostRingsOnTheNextOwner() {
    ConnectionId id = connectedAtA();
    a.message(id, 1, "alarm");
    cluster.time.advance(Duration.ofSeconds(3));
    a.store.hold();
    a.ring();
    assertThat(a.host.alarmCounts().underWay()).isEqualTo(1);
    b.own();
    assertThat(a.host.alarmCounts().underWay()).isZero();
    b.ring();
    assertThat(diary.events).containsExactly("alarm", "rung", "rung");
    a.store.letAllThrough();
    cluster.pass(Duration.ofSeconds(10), a);
    a.ring();
    a.own().ring();
    assertThat(diary.events).containsExactly("alarm", "rung", "rung");
  }

  @Test
  void ifMoreIsSaidThanMayBeHeldTheSocketsOfTheActorAreClosed() {
    ConnectionId id = connectedAtA();
    b.own().announce(OTHER);
    ConnectionId other = b.connect(OTHER, 1_001);
    for (int i = 1; i <= Ownership.HELD_RELEASES_MAX + 1; i++) {
      b.message(other, i, "all");
    }
    assertThat(b.host.droppedReleases()).isEqualTo(Ownership.HELD_RELEASES_MAX + 1);
    cluster.heard(GATEWAY);
    b.announce(GATEWAY, id);
    b.ring(); // the comparison goes on
    assertThat(cluster.heard(GATEWAY)).containsExactly("b attached", "b unknown " + id);
  }

  @Test
  void aGatewayThatDoesNotComeIsGivenUp() {
    ConnectionId id = connectedAtA();
    b.own();
    cluster.pass(Duration.ofMillis(9_750), b);
    b.ring();
    assertThat(diary.events).isEmpty();
    cluster.pass(Duration.ofMillis(250), b);
    b.ring();
    assertThat(diary.events).contains("close " + id + " GATEWAY_LOST");
  }

  @Test
  void aNodeThatIsAloneGivesNothingUp() {
    TestHost alone = new TestHost(new Script());
    assertThat(alone.host.ownedGroups()).isEqualTo(1);
    assertThatThrownBy(() -> alone.host.giveUp(0, null, Duration.ZERO))
        .isInstanceOf(IllegalStateException.class);
  }
}
