package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Checks the questions of actors to gateways: the outcome of a message, and when a client was last
 * heard of.
 */
class DeliveryTest {

  /** Obeys a message, and keeps the futures and deliveries it was given. */
  private static class Curious extends Script {
    final List<Delivery> sent = new ArrayList<>();
    final List<CompletionStage<Outcome>> asked = new ArrayList<>();
    final List<String> caught = new ArrayList<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws Exception {
      switch (text) {
        case "ask" -> asked.add(from.send("hello").outcome());
        case "ask and store" -> {
          self.store().put("said", true);
          asked.add(from.send("hello").outcome());
        }
        case "ask and fail" -> {
          asked.add(from.send("hello").outcome());
          throw new IOException("as asked");
        }
        case "keep" -> sent.add(from.send("hello"));
        case "ask about that" -> attempt(() -> sent.get(0).outcome());
        case "wait for that" -> self.await(asked.get(0).thenAccept(o -> {}));
        case "wait for own" -> {
          asked.add(from.send("hello").outcome());
          attempt(() -> self.await(asked.get(0)));
          attempt(() -> self.await(asked.get(0).thenApply(Outcome::name)));
          attempt(() -> asked.get(0).toCompletableFuture().join());
          attempt(() -> asked.get(0).thenRun(() -> {}).toCompletableFuture().join());
        }
        default -> from.send(text);
      }
    }

    void attempt(Runnable forbidden) {
      try {
        forbidden.run();
      } catch (RuntimeException e) {
        caught.add(e.getMessage());
      }
    }
  }

  private final Curious script = new Curious();
  private final TestHost node = new TestHost(script);
  private final ConnectionId ada = node.connect("ada");

  /** Returns the number under which the outcome of the last message is to be reported. */
  private long lastReport() {
    List<ToGateway> heard = node.heard();
    return heard.stream()
        .filter(ToGateway.Send.class::isInstance)
        .map(ToGateway.Send.class::cast)
        .reduce((a, b) -> b)
        .orElseThrow()
        .report();
  }

  private void report(long report, Outcome outcome) {
    node.host.accept(new ToHost.Delivered(TestHost.ROOM, ada, report, outcome));
    node.steps.runAll();
  }

  private void assertOutcome(Outcome outcome) {
    assertThat(script.asked).hasSize(1);
    assertThat(script.asked.get(0).toCompletableFuture()).isCompletedWithValue(outcome);
    assertThat(node.host.openQuestions()).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Outcome.class,
      names = {"WRITTEN", "DROPPED", "CONFLATED", "CONNECTION_CLOSED"})
  @DisplayName("the gateway's report is the outcome, once")
  void whatTheGatewayReportsIsTheOutcomeOnce(Outcome outcome) {
    node.message(ada, "ask");
    long report = lastReport();
    assertThat(report).isNotZero();
    assertThat(script.asked.get(0).toCompletableFuture()).isNotDone();
    report(report, outcome);
    assertOutcome(outcome);
    report(report, Outcome.TURN_DISCARDED);
    assertOutcome(outcome);
  }

  @Test
  @DisplayName("a message that nobody asks about has no number, and nothing remembers it")
  void aMessageThatNobodyAsksAboutHasNoNumberAndNothingRemembersIt() {
    node.message(ada, "keep");
    assertThat(lastReport()).isZero();
    assertThat(node.host.openQuestions()).isZero();
  }

  @Test
  @DisplayName("the outcome comes on the actor's threads, not on the one that reports it")
  void theOutcomeComesOnTheActorsThreadsNotOnTheOneThatReportsIt() {
    node.message(ada, "ask");
    node.host.accept(new ToHost.Delivered(TestHost.ROOM, ada, lastReport(), Outcome.WRITTEN));
    assertThat(script.asked.get(0).toCompletableFuture()).isNotDone();
    node.steps.runAll();
    assertOutcome(Outcome.WRITTEN);
  }

  @Test
  @DisplayName("if the handler throws, the turn was discarded")
  void ifTheHandlerThrowsTheTurnWasDiscarded() {
    node.message(ada, "ask and fail");
    assertOutcome(Outcome.TURN_DISCARDED);
  }

  @Test
  @DisplayName("if the turn takes too long, it was discarded")
  void ifTheTurnTakesTooLongItWasDiscarded() {
    CompletableFuture<Void> never = new CompletableFuture<>();
    List<CompletionStage<Outcome>> asked = new ArrayList<>();
    TestHost slow =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                asked.add(from.send("hello").outcome());
                self.await(never);
              }
            });
    slow.message(slow.connect("ada"), "go");
    slow.tickAfter(Duration.ofSeconds(31));
    assertThat(asked.get(0).toCompletableFuture()).isCompletedWithValue(Outcome.TURN_DISCARDED);
    assertThat(slow.host.openQuestions()).isZero();
  }

  @Test
  @DisplayName("if its commit is lost, and for turns after it, the turn was discarded")
  void ifItsCommitIsLostAndForTurnsAfterItTheTurnWasDiscarded() {
    node.store.hold();
    node.message(ada, "ask and store");
    node.message(ada, "ask");
    node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(script.asked)
        .hasSize(2)
        .allSatisfy(
            stage ->
                assertThat(stage.toCompletableFuture())
                    .isCompletedWithValue(Outcome.TURN_DISCARDED));
    assertThat(node.host.openQuestions()).isZero();
  }

  @Test
  @DisplayName("S41 a message to a connection that is closed has that outcome at once")
  void whatIsSentToAConnectionThatIsClosedHasThatOutcomeAtOnce() {
    List<Delivery> late = new ArrayList<>();
    TestHost other =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.close(1000, "");
                late.add(from.send("too late"));
              }

              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                late.add(gone.sendLatest("k", "too late"));
              }
            });
    ConnectionId bo = other.connect("bo");
    other.message(bo, "close");
    other.close(bo, 1000);
    assertThat(late)
        .hasSize(2)
        .allSatisfy(
            delivery ->
                assertThat(delivery.outcome().toCompletableFuture())
                    .isCompletedWithValue(Outcome.CONNECTION_CLOSED));
    assertThat(other.texts()).isEmpty();
  }

  @Test
  @DisplayName("an outcome can be asked for within the turn only")
  void itCanBeAskedWithinTheTurnOnly() {
    node.message(ada, "keep");
    node.message(ada, "ask about that");
    assertThat(script.caught)
        .containsExactly(
            "what becomes of a message can be asked only within the turn that sends it");
  }

  @Test
  @DisplayName("a turn cannot wait for its own message, and is told so at once")
  void aTurnCannotWaitForItsOwnMessageAndIsToldSoAtOnce() {
    node.message(ada, "wait for own");
    assertThat(script.caught)
        .hasSize(4)
        .containsOnly(
            "a turn cannot wait for what becomes of its own messages: they leave when it ends");
    report(lastReport(), Outcome.WRITTEN);
    assertOutcome(Outcome.WRITTEN);
  }

  @Test
  @DisplayName("a later turn can wait for it")
  void aLaterTurnCanWaitForIt() {
    node.message(ada, "ask");
    long report = lastReport();
    node.message(ada, "wait for that");
    assertThat(node.status().keptAwakeBy()).contains("waitFor in a turn since 0.0 s");
    report(report, Outcome.DROPPED);
    assertThat(node.status().keptAwakeBy()).containsExactly("idle 0.0 s of 10.0 s");
  }

  @Test
  @DisplayName("an actor that waits for an outcome may sleep; the outcome comes and wakes nobody")
  void anActorThatWaitsForAnOutcomeMaySleep() {
    node.message(ada, "ask");
    long report = lastReport();
    assertThat(node.hibernate()).isTrue();
    report(report, Outcome.WRITTEN);
    assertOutcome(Outcome.WRITTEN);
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.ASLEEP);
    assertThat(node.status().wakes()).isEqualTo(1);
  }

  @Test
  @DisplayName("another run of the node asks under other numbers")
  void anotherRunOfTheNodeAsksUnderOtherNumbers() {
    MemoryDisk disk = new MemoryDisk();
    List<Long> reports = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      TestHost next = new TestHost(disk, new Curious());
      next.message(next.connect("ada"), "ask");
      for (ToGateway record : next.heard()) {
        if (record instanceof ToGateway.Send send) {
          reports.add(send.report());
        }
      }
    }
    assertThat(reports).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("keys go with the messages, and have a limit")
  void keysGoWithTheMessagesAndHaveALimit() {
    List<String> caught = new ArrayList<>();
    TestHost other =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.sendLatest("k", "text");
                from.sendLatest("ü".repeat(128), ByteBuffer.wrap(new byte[1]));
                self.all().broadcastLatest("all", "to all");
                try {
                  from.sendLatest("ü".repeat(128) + "x", "text");
                } catch (LimitExceededException e) {
                  caught.add(e.getMessage());
                }
              }
            });
    ConnectionId bo = other.connect("bo");
    other.heard();
    other.message(bo, "go");
    assertThat(other.heard())
        .containsExactly(
            new ToGateway.Send(bo, Payload.text("text"), "k", 0),
            new ToGateway.Send(bo, new Payload.Binary(new byte[1]), "ü".repeat(128), 0),
            new ToGateway.Broadcast(List.of(), Set.of(), Payload.text("to all"), "all"),
            new ToGateway.Handled(bo, 1));
    assertThat(caught).containsExactly("the key of a message is 257 bytes; the limit is 256");
  }

  @Test
  @DisplayName("when a client was last seen is asked at once, so that the turn can wait for it")
  void whenAClientWasLastSeenIsAskedAtOnceSoThatTheTurnCanWaitForIt() {
    List<Optional<Instant>> seen = new ArrayList<>();
    TestHost other =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.await(from.lastSeen().thenAccept(seen::add));
                from.send("after that");
              }

              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                self.await(gone.lastSeen().thenAccept(seen::add));
              }
            });
    ConnectionId bo = other.connect("bo");
    other.heard();
    other.message(bo, "when");
    List<ToGateway> heard = other.heard();
    assertThat(heard).hasSize(1);
    long report = ((ToGateway.AskSeen) heard.get(0)).report();
    Instant at = Instant.parse("2030-01-01T00:00:00Z");
    other.host.accept(new ToHost.Seen(TestHost.ROOM, bo, report, at));
    other.steps.runAll();
    assertThat(seen).containsExactly(Optional.of(at));
    assertThat(other.texts()).containsExactly("1:after that");
    other.close(bo, 1000);
    assertThat(seen).containsExactly(Optional.of(at), Optional.empty());
    assertThat(other.heard()).isEmpty();
    assertThat(other.host.openQuestions()).isZero();
  }
}
