package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorHibernated;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.storage.CommitResult;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks the events of actors and turns that observers hear. */
class WatchTest {
  private final Heard heard = new Heard(false);
  private final CompletableFuture<Void> awaited = new CompletableFuture<>();
  private final TestHost node =
      new TestHost(
          new Script() {
            @Override
            void onMessage(Actor self, Connection<Object> from, String text) {
              switch (text) {
                case "put" -> self.store().put("k", "v");
                case "fail" -> throw new IllegalStateException("as asked");
                case "wait" -> self.await(awaited);
                case "tag" -> from.tag("x".repeat(257));
                default -> from.send(text);
              }
            }

            @Override
            void onClose(Actor self, Connection<Object> gone, CloseReason reason) {}
          });

  private TurnEnded turn(String event) {
    TurnEnded ended = heard.next(TurnEnded.class);
    assertThat(ended.event()).isEqualTo(event);
    assertThat(ended.actor()).isEqualTo(TestHost.ROOM);
    return ended;
  }

  /** Connects ada, then adds the observer. */
  private ConnectionId ada() {
    ConnectionId ada = node.connect("ada");
    node.observers.add(heard);
    return ada;
  }

  @Test
  @DisplayName("an activation is told with its reason, after its turn and before the event's")
  void anActivationIsToldWithItsReasonAfterItsTurnAndBeforeTheEvents() {
    node.observers.add(heard);
    ConnectionId ada = node.connect("ada");
    assertThat(turn("activate").connection()).isNull();
    assertThat(heard.next(ActorActivated.class))
        .isEqualTo(new ActorActivated(TestHost.ROOM, "upgrade", 1, 0));
    assertThat(turn("upgrade").connection()).isEqualTo(ada);
    node.time.advance(Duration.ofSeconds(3));
    node.hibernate();
    turn("hibernate");
    assertThat(heard.next(ActorHibernated.class))
        .isEqualTo(new ActorHibernated(TestHost.ROOM, Duration.ofSeconds(3).toNanos()));
    node.close(ada, 1000);
    turn("activate");
    assertThat(heard.next(ActorActivated.class).reason()).isEqualTo("close");
    assertThat(turn("close").outcome()).isEqualTo(TurnOutcome.COMMITTED);
    assertThat(heard.waiting(Object.class)).isEmpty();
  }

  @Test
  @DisplayName("a turn is told with how long it waited, ran and was committed, and what it stored")
  void aTurnIsToldWithHowLongItWaitedRanAndWasCommittedAndWhatItStored() {
    node.time.advance(Duration.ofSeconds(1));
    ConnectionId ada = ada();
    node.offer(ada, "wait");
    node.offer(ada, "put");
    node.time.advance(Duration.ofNanos(1));
    node.steps.runAll();
    node.time.advance(Duration.ofNanos(20));
    node.store.hold();
    awaited.complete(null);
    node.steps.runAll();
    node.time.advance(Duration.ofNanos(300));
    assertThat(heard.waiting(TurnEnded.class)).hasSize(1);
    node.store.letAllThrough();
    assertThat(turn("message"))
        .isEqualTo(
            new TurnEnded(TestHost.ROOM, "message", ada, 1, 20, 0, 0, TurnOutcome.COMMITTED));
    TurnEnded put = turn("message");
    assertThat(put.queuedNs()).isEqualTo(21);
    assertThat(put.ranNs()).isZero();
    assertThat(put.commitNs()).isEqualTo(300);
    assertThat(put.storedBytes()).isGreaterThan(2);
    assertThat(put.outcome()).isEqualTo(TurnOutcome.COMMITTED);
  }

  @Test
  @DisplayName("a turn that fails is told as failed, and its actor as reset")
  void aTurnThatFailsIsToldAsFailedAndItsActorAsReset() {
    ConnectionId ada = ada();
    node.message(ada, "fail");
    assertThat(turn("message").outcome()).isEqualTo(TurnOutcome.FAILED);
    assertThat(heard.next(ActorReset.class).cause()).contains("as asked");
    assertThat(heard.waiting(Object.class)).isEmpty();
  }

  @Test
  @DisplayName("a turn that fails because a handler went over a limit hits one")
  void overALimit() {
    ConnectionId ada = ada();
    node.message(ada, "tag");
    assertThat(turn("message").outcome()).isEqualTo(TurnOutcome.FAILED);
    assertThat(heard.next(LimitHit.class))
        .isEqualTo(new LimitHit("handler", "turn discarded", TestHost.ROOM, ada));
    assertThat(heard.next(ActorReset.class).cause()).contains("a tag is 257 bytes");
  }

  @Test
  @DisplayName(
      "a turn whose commit is lost is told as lost, those that built on it too, and one reset")
  void aTurnWhoseCommitIsLostIsToldAsLostThoseThatBuiltOnItTooAndOneReset() {
    ConnectionId ada = ada();
    node.store.hold();
    node.message(ada, "put");
    node.message(ada, "get");
    node.store.lose(new CommitResult.Refused("as asked"));
    node.steps.runAll();
    assertThat(turn("message").outcome()).isEqualTo(TurnOutcome.LOST);
    assertThat(turn("message").outcome()).isEqualTo(TurnOutcome.LOST);
    node.connect("bo");
    assertThat(heard.next(ActorReset.class).cause()).contains("as asked");
    assertThat(heard.waiting(ActorReset.class)).isEmpty();
  }

  @Test
  @DisplayName("a turn that takes too long hits a limit, and is told as failed once")
  void aTurnThatTakesTooLongHitsALimitAndIsToldAsFailedOnce() {
    ConnectionId ada = ada();
    node.message(ada, "wait");
    node.tickAfter(Duration.ofSeconds(31));
    assertThat(heard.next(LimitHit.class))
        .isEqualTo(new LimitHit("turn", "reset", TestHost.ROOM, ada));
    assertThat(turn("message").outcome()).isEqualTo(TurnOutcome.FAILED);
    awaited.complete(null);
    node.steps.runAll();
    assertThat(heard.waiting(TurnEnded.class)).isEmpty();
  }

  @Test
  @DisplayName("N13 an observer that throws changes nothing of what is said")
  void anObserverThatThrowsChangesNothingOfWhatIsSaid() {
    node.observers.add(
        new DormouseObserver() {
          @Override
          public void turnEnded(TurnEnded ended) {
            throw new AssertionError("as asked");
          }

          @Override
          public void actorActivated(ActorActivated activated) {
            throw new AssertionError("as asked");
          }
        });
    ConnectionId ada = node.connect("ada");
    node.message(ada, "put");
    node.message(ada, "hello");
    assertThat(node.texts()).isEqualTo(List.of("1:hello"));
    assertThat(node.observers.failures()).isEqualTo(5);
  }

  @Test
  @DisplayName("N12 an observer of actors only is told of wakes, sleep and resets, and of no turn")
  void ofActorsOnly() {
    node.observers.addOfActors(heard);
    ConnectionId ada = node.connect("ada");
    node.message(ada, "put");
    node.hibernate();
    node.message(ada, "fail");
    assertThat(heard.next(ActorActivated.class).reason()).isEqualTo("upgrade");
    assertThat(heard.next(ActorHibernated.class).actor()).isEqualTo(TestHost.ROOM);
    assertThat(heard.next(ActorActivated.class).reason()).isEqualTo("message");
    assertThat(heard.next(ActorReset.class).cause()).contains("as asked");
    assertThat(heard.waiting(Object.class)).isEmpty();
  }
}
