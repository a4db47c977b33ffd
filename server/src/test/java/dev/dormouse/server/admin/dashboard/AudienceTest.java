package dev.dormouse.server.admin.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import dev.dormouse.server.observe.Observers;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Checks what the dashboard remembers while somebody looks and while nobody does, and how much of
 * it.
 */
class AudienceTest {
  private static final ActorId LOBBY = new ActorId("room", "lobby");
  private static final Duration SHORT = Audience.LASTS.minusNanos(1);

  private final Clock time = new Clock();
  private final Observers observers = new Observers(time);
  private final RecentWakes wakes = new RecentWakes(time);
  private final RecentTurns turns = new RecentTurns(time);
  private final Audience audience = new Audience(observers, time, List.of(turns), turns::forgetAll);

  private void turn(ActorId actor, String event) {
    turn(actor, event, TurnOutcome.COMMITTED);
  }

  private void turn(ActorId actor, String event, TurnOutcome outcome) {
    if (observers.isAny()) {
      observers.tell(
          DormouseObserver::turnEnded, new TurnEnded(actor, event, null, 1, 2, 3, 4, outcome));
    }
  }

  @Test
  @DisplayName("N12 Nobody hears of turns before the first look, nor three minutes after the last")
  void nobodyHearsWhileNobodyLooks() {
    observers.addOfActors(wakes);
    assertThat(observers.isAny()).isFalse();
    turn(LOBBY, "message");

    audience.look();
    assertThat(observers.isAny()).isTrue();
    assertThat(turns.of(LOBBY)).isEmpty();
    turn(LOBBY, "message");
    time.advance(SHORT);
    audience.tick();
    assertThat(turns.of(LOBBY)).hasSize(1);

    audience.look();
    time.advance(SHORT);
    audience.tick();
    assertThat(observers.isAny()).as("a look begins it anew").isTrue();

    time.advance(Duration.ofNanos(1));
    audience.tick();
    assertThat(observers.isAny()).isFalse();
    assertThat(audience.isThere()).isFalse();
    assertThat(turns.actors()).as("the memory is given back").isZero();

    long again = time.wallMs();
    audience.look();
    audience.look();
    turn(LOBBY, "close");
    assertThat(turns.of(LOBBY)).as("once").hasSize(1);
    assertThat(audience.sinceMs()).isEqualTo(again);
  }

  @Test
  @DisplayName("The last 16 turns of an actor are remembered, the last one first")
  void aFewTurnsAreRemembered() {
    audience.look();
    for (int i = 0; i < 40; i++) {
      turn(LOBBY, "event " + i);
    }

    assertThat(turns.of(LOBBY)).hasSize(16);
    assertThat(turns.of(LOBBY).get(0).ended().event()).isEqualTo("event 39");
    assertThat(turns.of(LOBBY).get(15).ended().event()).isEqualTo("event 24");
  }

  @Test
  @DisplayName("An actor is failing for five minutes after a failure; a reset on request is none")
  void anActorIsFailingForAWhile() {
    observers.addOfActors(wakes);
    ActorId other = new ActorId("room", "other");
    reset(LOBBY, "first", true);
    reset(LOBBY, "second", true);
    reset(LOBBY, "as asked for", false);
    reset(other, "as asked for", false);

    assertThat(wakes.failing()).containsExactly(LOBBY);
    RecentWakes.Reset second = new RecentWakes.Reset(time.wallMs(), "second");
    RecentWakes.Reset asked = new RecentWakes.Reset(time.wallMs(), "as asked for");
    assertThat(wakes.of(LOBBY))
        .isEqualTo(new RecentWakes.Past(null, asked, new RecentWakes.Failures(2, second)));
    assertThat(wakes.of(other).failures()).isNull();
    time.advance(RecentWakes.FAILING);
    assertThat(wakes.failing()).containsExactly(LOBBY);
    time.advance(Duration.ofMillis(1));
    assertThat(wakes.failing()).isEmpty();
    assertThat(wakes.of(LOBBY).failures()).as("still remembered").isNotNull();
  }

  @Test
  @DisplayName("A turn that was discarded has the reason, which is told after its end")
  void aDiscardedTurnHasItsReason() {
    audience.look();
    turn(LOBBY, "message");
    reset(LOBBY, "as asked for", false);
    turn(LOBBY, "message", TurnOutcome.FAILED);
    reset(LOBBY, "the handler threw", true);
    reset(LOBBY, "another", true);

    assertThat(turns.of(LOBBY))
        .extracting(RecentTurns.Turn::cause)
        .containsExactly("the handler threw", null);
  }

  private void reset(ActorId actor, String cause, boolean isFailure) {
    observers.tellOfActor(DormouseObserver::actorReset, new ActorReset(actor, cause, isFailure));
  }

  @Test
  @DisplayName("A bounded number of actors is remembered, the last ones among them")
  void aBoundedNumberOfActorsIsRemembered() {
    audience.look();
    observers.addOfActors(wakes);
    for (int i = 0; i < 100_000; i++) {
      ActorId actor = new ActorId("room", "a" + i);
      turn(actor, "message");
      observers.tellOfActor(
          DormouseObserver::actorActivated, new ActorActivated(actor, "message", 1, 5));
      observers.tellOfActor(
          DormouseObserver::actorReset, new ActorReset(actor, "x".repeat(600), true));
    }

    assertThat(turns.actors()).isLessThanOrEqualTo(RecentTurns.ACTORS_MAX).isPositive();
    assertThat(wakes.wakes()).isEqualTo(100_000);
    ActorId last = new ActorId("room", "a99999");
    assertThat(turns.of(last)).hasSize(1);
    assertThat(wakes.of(last).wake()).isEqualTo(new RecentWakes.Wake(time.wallMs(), "message", 5));
    assertThat(wakes.of(last).reset()).isNull();
    assertThat(wakes.of(last).failures())
        .isEqualTo(
            new RecentWakes.Failures(
                1, new RecentWakes.Reset(time.wallMs(), "x".repeat(RecentWakes.CAUSE_LENGTH_MAX))));
    assertThat(wakes.of(new ActorId("room", "a0")))
        .isEqualTo(new RecentWakes.Past(null, null, null));
    assertThat(turns.of(new ActorId("room", "a0"))).isEmpty();
  }
}
