package dev.dormouse.server.host;

import static dev.dormouse.server.host.CallHost.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.server.host.CallHost.Do;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that actors tell each other as parts of their turns. */
@Timeout(20)
class TellsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final MemoryDisk disk = new MemoryDisk();
  private final ManualTime time = new ManualTime();
  private CallHost host = new CallHost(disk, time, HostOptions.defaults());

  @BeforeEach
  void actions() {
    actions(host);
    host.advance(SECOND);
  }

  private void actions(CallHost of) {
    of.action(
        "tell",
        actor -> {
          actor.put("told", actor.get("told") + 1);
          actor.other("b").tell(new Do("count"));
          return "told";
        });
    of.action(
        "tell then fail",
        actor -> {
          actor.other("b").tell(new Do("count"));
          throw new IllegalStateException("as asked");
        });
    of.action(
        "count",
        actor -> {
          actor.put("n", actor.get("n") + 1);
          return "counted";
        });
    of.action("n", actor -> actor.get("n"));
  }

  private void restart() {
    host = new CallHost(disk, time, HostOptions.defaults());
    actions(host);
    host.advance(SECOND);
  }

  private int rows(String key, Table table) {
    return host.store.keys(id(key), table, KeySpan.all(), 9_999).size();
  }

  private String count() {
    return host.ask("b", "n").join();
  }

  @Test
  void aTellLeavesWithItsTurnAndTakesEffectOnce() {
    host.store.hold();
    host.ask("a", "tell").isDone();
    assertThat(host.done).containsExactly("a tell");
    host.store.letAllThrough();
    host.steps.runAll();
    assertThat(host.done).containsExactly("a tell", "b count");
    assertThat(count()).isEqualTo("1");
    assertThat(rows("a", Table.OUTBOX)).isZero();
    assertThat(rows("b", Table.INBOX)).isOne();
    assertThat(host.host.waitingTells()).isZero();
    for (int i = 0; i < 12; i++) {
      host.advance(SECOND);
    }
    assertThat(rows("b", Table.INBOX)).as("a sender that is silent is forgotten").isZero();
    host.ask("a", "tell").join();
    assertThat(count()).isEqualTo("2");
  }

  @Test
  void aTellOfADiscardedTurnGoesNowhere() {
    assertThat(CallHost.failure(host.ask("a", "tell then fail")).reason())
        .isEqualTo(Reason.HANDLER_FAILED);
    host.advance(SECOND);
    assertThat(host.done).containsExactly("a tell then fail");
    assertThat(rows("a", Table.OUTBOX)).isZero();
  }

  @Test
  void aTellSurvivesAProcessThatDiesBeforeItIsDelivered() {
    host.actions.put(
        "activate b",
        actor -> {
          throw new IllegalStateException("not yet");
        });
    host.ask("a", "tell").join();
    host.ask("a", "tell").join();
    host.advance(Duration.ofSeconds(30));
    assertThat(rows("a", Table.OUTBOX)).isEqualTo(2);
    restart();
    assertThat(count()).isEqualTo("2");
    assertThat(rows("a", Table.OUTBOX)).isZero();
  }

  @Test
  void aTellThatTookEffectBeforeTheProcessDiedTakesEffectNoSecondTime() {
    host.ask("b", "count").join();
    host.ask("a", "tell").isDone();
    host.store.hold();
    host.ask("a", "tell").isDone();
    host.store.letThrough(); // the turn of the sender
    host.steps.runAll();
    host.store.letThrough(); // the turn of the target
    host.steps.runAll();
    assertThat(rows("a", Table.OUTBOX)).isOne(); // its removal waits in the store
    assertThat(rows("b", Table.INBOX)).isOne();
    restart();
    assertThat(count()).isEqualTo("3");
    assertThat(rows("a", Table.OUTBOX)).isZero();
    assertThat(rows("b", Table.INBOX)).isOne();
    for (int i = 0; i < 12; i++) {
      host.advance(SECOND);
    }
    assertThat(rows("b", Table.INBOX)).isZero();
  }

  @Test
  void aSenderWhoseProcessDiedIsForgottenAfterTheNextStart() {
    host.ask("a", "tell").join();
    assertThat(rows("b", Table.INBOX)).isOne();
    restart();
    assertThat(rows("b", Table.INBOX)).isOne();
    for (int i = 0; i < 12; i++) {
      host.advance(SECOND);
    }
    assertThat(rows("b", Table.INBOX)).isZero();
    host.ask("a", "tell").join();
    assertThat(count()).isEqualTo("2");
  }

  @Test
  void aHandlerThatFailsIsTriedAgainAndLaterTellsWait() {
    AtomicInteger failures = new AtomicInteger(2);
    host.action(
        "count",
        actor -> {
          if (failures.getAndDecrement() > 0) {
            throw new IllegalStateException("not yet");
          }
          actor.put("n", actor.get("n") + 1);
          return "counted";
        });
    host.action(
        "tell both",
        actor -> {
          actor.other("b").tell(new Do("count"));
          actor.other("b").tell(new Do("second"));
          return "told";
        });
    host.ask("a", "tell both").join();
    assertThat(host.done).containsExactly("a tell both", "b count");
    for (int i = 0; i < 3; i++) {
      host.advance(SECOND);
    }
    assertThat(host.done)
        .containsExactly("a tell both", "b count", "b count", "b count", "b second");
    assertThat(host.host.tellsGivenUp()).isZero();
  }

  @Test
  void aHandlerThatFailsAlwaysIsGivenUp() {
    host.action(
        "count",
        actor -> {
          throw new IllegalStateException("never");
        });
    host.ask("a", "tell").join();
    for (int i = 0; i < 40; i++) {
      host.advance(SECOND);
    }
    assertThat(host.done).hasSize(1 + ActorRef.TELL_ATTEMPTS_MAX);
    assertThat(host.host.tellsGivenUp()).isOne();
    assertThat(rows("a", Table.OUTBOX)).isZero();
    assertThat(host.ended).filteredOn(call -> call.outcome().equals("given-up")).hasSize(1);
  }

  @Test
  void anActorCanTellItself() {
    host.action(
        "again",
        actor -> {
          actor.put("n", actor.get("n") + 1);
          if (actor.get("n") < 5) {
            actor.other("b").tell(new Do("again"));
          }
          return "done";
        });
    host.ask("b", "again").join();
    assertThat(count()).isEqualTo("5");
    assertThat(rows("b", Table.OUTBOX)).isZero();
  }

  @Test
  void aTellWhoseCommitIsUnknownButKeptIsFoundInTheStore() {
    host.ask("a", "n").join();
    host.store.hold();
    host.ask("a", "tell").isDone();
    host.store.keepButLose(new CommitResult.Unknown(new IOException("gone")));
    host.store.letAllThrough();
    host.steps.runAll();
    host.advance(SECOND);
    host.advance(SECOND);
    assertThat(count()).isEqualTo("1");
    assertThat(rows("a", Table.OUTBOX)).isZero();
  }

  @Test
  void anActorMayNotHaveToldTooMuch() {
    host.actions.put(
        "activate b",
        actor -> {
          throw new IllegalStateException("never");
        });
    host.action(
        "many",
        actor -> {
          for (int i = 0; i < ActorRef.TELLS_MAX; i++) {
            actor.other("b").tell(new Do("count"));
          }
          return "told";
        });
    assertThat(host.ask("a", "many")).isCompletedWithValue("told");
    assertThat(CallHost.failure(host.ask("a", "tell")))
        .hasMessageContaining("has told and that have not taken effect yet")
        .hasMessageContaining("1024");
    assertThat(host.ask("c", "tell")).isCompletedWithValue("told");
  }
}
