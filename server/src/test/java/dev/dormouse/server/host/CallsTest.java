package dev.dormouse.server.host;

import static dev.dormouse.server.host.CallHost.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.TurnStateException;
import dev.dormouse.server.host.CallHost.Do;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls to actors that wait for an answer. */
@Timeout(10)
class CallsTest {
  private final CallHost host = new CallHost();

  record Unhandled() implements Call<Void> {}

  private static final class Key {
    private Key() {}
  }

  @Test
  void theAnswerComesWhenTheTurnThatGaveItIsCommitted() {
    host.store.hold();
    host.action(
        "write",
        actor -> {
          actor.put("n", 7);
          return "written";
        });
    CompletableFuture<String> answer = host.ask("a", "write");
    assertThat(host.done).containsExactly("a write");
    while (host.store.waiting() > 1) {
      host.store.letThrough(); // the activation
    }
    host.steps.runAll();
    assertThat(answer).isNotDone();
    host.store.letThrough();
    host.steps.runAll();
    assertThat(answer).isCompletedWithValue("written");
    assertThat(host.ended)
        .singleElement()
        .satisfies(
            call -> {
              assertThat(call.call()).isEqualTo("Do");
              assertThat(call.outcome()).isEqualTo("answered");
              assertThat(call.isTell()).isFalse();
            });
  }

  @Test
  void anAnswerThatWroteNothingWaitsForTheTurnsBefore() {
    host.store.hold();
    host.action(
        "write",
        actor -> {
          actor.put("n", 7);
          return "written";
        });
    host.action("read", actor -> actor.get("n"));
    host.ask("a", "write").isDone();
    CompletableFuture<String> answer = host.ask("a", "read");
    assertThat(host.done).containsExactly("a write", "a read");
    assertThat(answer).isNotDone();
    while (host.store.waiting() > 0) {
      host.store.letThrough();
    }
    host.steps.runAll();
    assertThat(answer).isCompletedWithValue("7");
  }

  @Test
  void aLostCommitFailsTheCallAndItsActions() {
    List<String> after = new ArrayList<>();
    host.action(
        "write",
        actor -> {
          actor.put("n", 7);
          actor.after(() -> after.add("ran"));
          return "written";
        });
    host.store.full(true);
    CompletableFuture<String> answer = host.ask("a", "write");
    assertThat(failure(answer).reason()).isEqualTo(Reason.NOT_STORED);
    assertThat(failure(answer).mayHaveTakenEffect()).isTrue();
    assertThat(after).isEmpty();
    host.store.full(false);
    assertThat(host.ask("a", "write")).isCompletedWithValue("written");
    assertThat(after).containsExactly("ran");
  }

  @Test
  void aFailedHandlerIsToldWithoutItsClass() {
    host.action(
        "fail",
        actor -> {
          actor.put("n", 7);
          throw new IllegalStateException("no such device");
        });
    host.action("read", actor -> actor.get("n"));
    CompletableFuture<String> answer = host.ask("a", "fail");
    assertThat(failure(answer).reason()).isEqualTo(Reason.HANDLER_FAILED);
    assertThat(failure(answer))
        .hasMessage(
            "the call Do to doer/a failed: java.lang.IllegalStateException: no such device");
    assertThat(failure(answer).mayHaveTakenEffect()).isFalse();
    assertThat(host.ask("a", "read")).isCompletedWithValue("0");
    host.action(
        "reset",
        actor -> {
          throw actor.resetNow("wrong fields");
        });
    assertThat(failure(host.ask("a", "reset")).reason()).isEqualTo(Reason.ACTOR_RESET);
  }

  @Test
  void aDeadlineLeavesTheOutcomeOpenAndACallThatNobodyAwaitsIsNotBegun() {
    CompletableFuture<String> gate = new CompletableFuture<>();
    host.action("wait", actor -> gate);
    CompletableFuture<String> first = host.ask("a", "wait");
    CompletableFuture<String> second =
        host.actor("a").ask(new Do("never"), Duration.ofSeconds(1)).toCompletableFuture();
    host.advance(Duration.ofSeconds(2));
    assertThat(failure(second).reason()).isEqualTo(Reason.DEADLINE);
    assertThat(failure(second).mayHaveTakenEffect()).isTrue();
    assertThat(first).isNotDone();
    gate.complete("late");
    host.steps.runAll();
    assertThat(first).isCompletedWithValue("late");
    assertThat(host.done).containsExactly("a wait");
  }

  @Test
  void anActorThatCannotBeWokenFailsItsCallsWithTheReason() {
    host.actions.put(
        "activate a",
        actor -> {
          throw new IllegalStateException("no database");
        });
    CompletableFuture<String> answer = host.ask("a", "hello");
    for (int i = 0; i < 20; i++) {
      host.advance(Duration.ofMillis(250));
    }
    assertThat(failure(answer).reason()).isEqualTo(Reason.CANNOT_WAKE);
    assertThat(failure(answer)).hasMessageContaining("no database");
    CompletableFuture<String> next = host.ask("a", "hello");
    assertThat(failure(next).reason()).isEqualTo(Reason.CANNOT_WAKE);
  }

  @Test
  void wrongCallsFailAtOnceInOneLine() {
    assertThatThrownBy(() -> host.actor("a").ask(new Unhandled()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "actor type 'doer' has no onCall for " + Unhandled.class.getName() + "; it has [Do]");
    assertThatThrownBy(() -> host.actor("a").ask(new Do("x".repeat(Call.BYTES_MAX))))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("a call to doer/a")
        .hasMessageContaining("65536 bytes");
    assertThatThrownBy(() -> host.actor("a").ask(new Do("x"), Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    host.action("large", actor -> "x".repeat(Call.BYTES_MAX));
    assertThat(failure(host.ask("a", "large")))
        .hasMessageContaining("the answer to a call")
        .hasMessageContaining("65536 bytes");
    assertThat(new Key()).isNotNull();
  }

  @Test
  @SuppressWarnings("FutureReturnValueIgnored") // the call is answered by it
  void theTurnWaitsForAnAskAndItsCallbackBelongsToTheTurn() {
    host.action("double", actor -> actor.get("n") * 2);
    host.action(
        "ask",
        actor -> {
          CompletableFuture<String> known = new CompletableFuture<>();
          actor.awaiting(
              actor
                  .other("b")
                  .ask(new Do("double"))
                  .thenAccept(
                      doubled -> {
                        actor.put("doubled", Integer.parseInt(doubled) + 1);
                        known.complete("b says " + doubled);
                      }));
          return known;
        });
    host.action("read", actor -> actor.get("doubled"));
    assertThat(host.ask("a", "ask")).isCompletedWithValue("b says 0");
    assertThat(host.ask("a", "read")).isCompletedWithValue("1");
  }

  @Test
  void aCycleOfAsksFailsWithItsPath() {
    host.action("a", actor -> actor.other("b").ask(new Do("b")));
    host.action("b", actor -> actor.other("c").ask(new Do("c")));
    host.action("c", actor -> actor.other("a").ask(new Do("a")));
    CompletableFuture<String> answer = host.ask("a", "a");
    assertThat(failure(answer).reason()).isEqualTo(Reason.HANDLER_FAILED);
    assertThat(failure(answer)).hasMessageContaining("doer/a → doer/b → doer/c → doer/a");
    assertThat(host.done).containsExactly("a a", "b b", "c c");
    AtomicReference<CompletableFuture<String>> self = new AtomicReference<>();
    host.action(
        "self",
        actor -> {
          self.set(actor.other("a").ask(new Do("a")).toCompletableFuture());
          return "asked";
        });
    assertThat(host.ask("a", "self")).isCompletedWithValue("asked");
    assertThat(failure(self.get()).reason()).isEqualTo(Reason.CYCLE);
    assertThat(failure(self.get())).hasMessageEndingWith("doer/a → doer/a");
  }

  @Test
  void anAskWaitsUntilTheAskersEarlierTurnsAreCommitted() {
    assertThat(host.ask("b", "hello")).isCompletedWithValue("hello");
    assertThat(host.ask("a", "hello")).isCompletedWithValue("hello");
    host.done.clear();
    host.action(
        "write",
        actor -> {
          actor.put("n", 7);
          return "written";
        });
    host.action("tell", actor -> actor.other("b").ask(new Do("n is " + actor.get("n"))));
    host.store.hold();
    CompletableFuture<String> written = host.ask("a", "write");
    CompletableFuture<String> told = host.ask("a", "tell");
    assertThat(host.done).containsExactly("a write", "a tell");
    host.store.letThrough();
    host.steps.runAll();
    assertThat(written).isCompletedWithValue("written");
    assertThat(host.done).containsExactly("a write", "a tell", "b n is 7");
    assertThat(told).isCompletedWithValue("n is 7");
  }

  @Test
  void anAskIsNotSentIfAnEarlierTurnIsLost() {
    assertThat(host.ask("a", "hello")).isCompletedWithValue("hello");
    host.done.clear();
    host.action(
        "write",
        actor -> {
          actor.put("n", 7);
          return "written";
        });
    host.action("tell", actor -> actor.other("b").ask(new Do("n is " + actor.get("n"))));
    host.store.hold();
    CompletableFuture<String> written = host.ask("a", "write");
    CompletableFuture<String> told = host.ask("a", "tell");
    host.store.lose(new CommitResult.Unknown(new java.io.IOException("gone")));
    host.steps.runAll();
    assertThat(failure(written).reason()).isEqualTo(Reason.NOT_STORED);
    assertThat(failure(told).reason()).isEqualTo(Reason.NOT_STORED);
    assertThat(host.done).containsExactly("a write", "a tell");
  }

  @Test
  void actionsAfterACommitRunOnceAndCannotUseTheActor() {
    List<Object> ran = new ArrayList<>();
    host.action(
        "after",
        actor -> {
          actor.put("n", 7);
          actor.after(
              () -> {
                throw new IllegalStateException("this failure is only logged");
              });
          actor.after(
              () -> {
                try {
                  ran.add(actor.get("n"));
                } catch (TurnStateException e) {
                  ran.add(e.why());
                }
              });
          return "written";
        });
    host.action(
        "fail",
        actor -> {
          actor.after(() -> ran.add("never"));
          throw new IllegalStateException();
        });
    assertThat(failure(host.ask("a", "fail")).reason()).isEqualTo(Reason.HANDLER_FAILED);
    assertThat(host.ask("a", "after")).isCompletedWithValue("written");
    assertThat(ran).containsExactly(TurnStateException.Why.NONE_OPEN);
  }

  @Test
  void aReferenceIsForTurnsOnly() {
    AtomicReference<ActorRef<CallHost.Doer>> kept = new AtomicReference<>();
    host.action(
        "keep",
        actor -> {
          kept.set(actor.other("b"));
          return "kept";
        });
    assertThat(host.ask("a", "keep")).isCompletedWithValue("kept");
    assertThatThrownBy(() -> kept.get().ask(new Do("x"))).isInstanceOf(TurnStateException.class);
  }

  @Test
  void aFullMailboxAndAStopRefuseCalls() {
    CallHost small =
        new CallHost(new MemoryDisk(), new ManualTime(), HostOptions.defaults().withMailboxMax(1));
    CompletableFuture<String> gate = new CompletableFuture<>();
    small.action("wait", actor -> gate);
    CompletableFuture<String> first = small.ask("a", "wait");
    CompletableFuture<String> queued = small.ask("a", "queued");
    assertThat(failure(small.ask("a", "too many")).reason()).isEqualTo(Reason.BUSY);
    CompletableFuture<Void> stopped = small.host.stop();
    assertThat(failure(small.ask("b", "late")).reason()).isEqualTo(Reason.STOPPING);
    gate.complete("done");
    small.steps.runAll();
    assertThat(first).isCompletedWithValue("done");
    assertThat(queued).isCompletedWithValue("queued");
    assertThat(stopped).isCompleted();
    assertThat(
            small.store.keys(
                CallHost.id("a"), Table.VALUE, dev.dormouse.storage.rows.KeySpan.all(), 1))
        .isEmpty();
  }
}
