package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway.Accepted;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks a store that keeps nothing for a while, with actors that go on saying and writing. */
class UnsettledTurnsTest {
  private static final int BYTES = 20_000;
  private static final ActorId OTHER = new ActorId("room", "other");
  private static final ConnectionId BO = ConnectionId.of(1, 99);

  /** Writes, and says, as much as it is told. */
  private final class Writer extends Script {
    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      if (text.startsWith("later ")) {
        from.send("z".repeat(Integer.parseInt(text.substring(6))));
        self.await(handled.thenRun(() -> from.send("z".repeat(2 * BYTES))));
      } else if (text.length() > BYTES) {
        self.await(handled);
      } else if (text.equals("write")) {
        self.store().put("key", "x".repeat(BYTES));
      } else if (text.equals("say")) {
        self.store().put("key", 1);
        from.send("y".repeat(BYTES));
      } else if (text.startsWith("hold ")) {
        from.send("z".repeat(Integer.parseInt(text.substring(5))));
        self.await(handled);
      } else {
        from.send(text);
      }
    }
  }

  private final CompletableFuture<Void> handled = new CompletableFuture<>();

  private final TestHost node =
      new TestHost(new Writer(), HostOptions.defaults().withUnsettledBytesMax(2 * BYTES));
  private final ConnectionId ada = node.connect("ada");

  private void untilNoTurnBegins(String deed) {
    node.heard();
    node.store.hold();
    for (int i = 0; i < 10; i++) {
      node.message(ada, deed);
    }
    assertThat(node.store.waiting()).isEqualTo(2);
  }

  @Test
  @DisplayName("A2: no turn begins while those that wait for the store hold too much memory")
  void noTurnBeginsWhileThoseThatWaitForTheStoreHoldTooMuch() {
    untilNoTurnBegins("write");
    node.store.letThrough();
    node.steps.runAll();
    assertThat(node.store.waiting()).isEqualTo(1); // less than half of it is free
    node.store.letThrough();
    node.steps.runAll();
    assertThat(node.store.waiting()).isEqualTo(2);
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.store.kept()).hasSizeGreaterThanOrEqualTo(10);
    node.message(ada, "here");
    assertThat(node.texts()).contains("1:here");
  }

  @Test
  @DisplayName("A2: what turns say counts as what they write")
  void whatTurnsSayCountsAsWhatTheyWrite() {
    untilNoTurnBegins("say");
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.texts()).hasSize(10);
  }

  @Test
  @DisplayName("A2: turns that are lost hold nothing any more")
  void turnsThatAreLostHoldNothing() {
    untilNoTurnBegins("write");
    node.store.lose(new CommitResult.Refused("as asked"));
    node.store.lose(new CommitResult.Refused("as asked"));
    node.store.letAllThrough();
    node.steps.runAll();
    node.message(node.connect("bo"), "here");
    assertThat(node.texts()).contains("2:here");
  }

  /**
   * Lets a turn that stays open say more than all may hold; then a client comes to another actor.
   */
  private void holdMuch() {
    node.message(ada, "hold " + 3 * BYTES);
    node.heard();
    node.host.accept(new ToHost.Open(OTHER, BO, DamagedLife.head(), null));
    node.steps.runAll();
  }

  private boolean isBoAccepted() {
    return node.heard().stream()
        .anyMatch(said -> said instanceof Accepted accepted && accepted.connection().equals(BO));
  }

  @Test
  @DisplayName("A2: what a turn says counts from the moment it says it, until it has ended")
  void whatATurnSaysCountsFromTheMomentItSaysIt() {
    holdMuch();
    assertThat(isBoAccepted()).isFalse();
    handled.complete(null);
    node.steps.runAll();
    assertThat(isBoAccepted()).isTrue();
  }

  @Test
  @DisplayName("A2: a turn that fails holds nothing any more")
  void aTurnThatFailsHoldsNothing() {
    holdMuch();
    handled.completeExceptionally(new IllegalStateException("as asked"));
    node.steps.runAll();
    assertThat(isBoAccepted()).isTrue();
  }

  @Test
  @DisplayName("A2: a handler's own copy of a long text counts for a second")
  void aHandlersOwnCopyOfALongTextCounts() {
    node.message(ada, "x".repeat(3 * BYTES));
    node.heard();
    node.host.accept(new ToHost.Open(OTHER, BO, DamagedLife.head(), null));
    node.steps.runAll();
    assertThat(isBoAccepted()).isFalse();
    node.pass(Duration.ofSeconds(1));
    assertThat(isBoAccepted()).isTrue();
  }

  /** Lets a second actor hold much in an open turn, after the turn of the first became long. */
  private void holdMuchInTwo(String deed) {
    node.host.accept(new ToHost.Open(OTHER, BO, DamagedLife.head(), null));
    node.message(ada, "hold " + BYTES);
    node.pass(Duration.ofSeconds(1));
    node.heard();
    node.host.accept(new ToHost.Message(OTHER, BO, 1, Payload.text(deed)));
    node.steps.runAll();
    node.pass(Duration.ofSeconds(1));
  }

  @Test
  @DisplayName("A2: a turn is abandoned when long turns hold too much with it")
  void aTurnIsAbandonedWhenLongTurnsHoldTooMuchWithIt() {
    holdMuchInTwo("hold " + BYTES);
    handled.complete(null);
    node.steps.runAll();
    assertThat(node.texts()).containsExactly("1:" + "z".repeat(BYTES));
  }

  @Test
  @DisplayName("A2: a long turn gets an exception when long turns would hold too much with it")
  void aLongTurnGetsAnExceptionWhenLongTurnsWouldHoldTooMuch() {
    holdMuchInTwo("later 10");
    handled.complete(null);
    node.steps.runAll();
    assertThat(node.texts()).containsExactly("1:" + "z".repeat(BYTES));
  }

  @Test
  @DisplayName("A2: a turn that stays open holds up others for a second")
  void aTurnThatStaysOpenHoldsUpOthersForASecond() {
    holdMuch();
    node.pass(Duration.ofMillis(750));
    assertThat(isBoAccepted()).isFalse();
    node.pass(Duration.ofMillis(250));
    assertThat(isBoAccepted()).isTrue();
  }
}
