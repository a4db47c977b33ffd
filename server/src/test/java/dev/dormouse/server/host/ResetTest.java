package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.TurnStateException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Accepted;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.server.protocol.ToGateway.Rejected;
import dev.dormouse.server.protocol.ToGateway.Responded;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Checks {@code reset()}: the object is new, the connections are the same, and nothing of the turn
 * is left.
 */
class ResetTest {

  /** Counts in storage; starts over when told to. */
  private static class Counting extends Script {
    final List<Long> activations = new ArrayList<>();
    final List<Actor> objects = new ArrayList<>();
    final List<RuntimeException> forgotten = new ArrayList<>();
    boolean isActivationReset;

    @Override
    void onActivate(Actor self) {
      activations.add(self.number());
      objects.add(self);
      if (isActivationReset) {
        isActivationReset = false;
        throw self.startOver("not well");
      }
    }

    @Override
    void onUpgrade(Actor self, Upgrade<Object> upgrade) {
      upgrade.accept(new Note("x", 0)).send("welcome");
      if (upgrade.head().query("name").orElse("").equals("reset")) {
        throw self.startOver("as asked");
      }
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      long total = self.store().get("total", Long.class).orElse(0L) + 1;
      self.store().put("total", total);
      from.attach(((Note) from.attachment()).counted());
      from.tag("t" + total);
      from.send(text + " " + total + " " + from.tags().size());
      if (text.equals("reset")) {
        throw self.startOver("as asked");
      } else if (text.equals("forget")) {
        forgotten.add(self.startOver("as asked"));
        self.store().put("total", 99L);
      } else if (text.equals("hide")) {
        try {
          throw self.startOver("as asked");
        } catch (RuntimeException hidden) {
          self.store().put("total", 99L);
        }
      }
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      self.store().put("total", 99L);
      throw self.startOver("as asked");
    }

    @Override
    void onHibernate(Actor self) {
      self.store().put("total", 99L);
      throw self.startOver("as asked");
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      forgotten.add(self.startOver("as asked"));
      return HttpResponse.text(200, "too late");
    }
  }

  private static final HttpResponse WAS_RESET =
      HttpResponse.text(503, "the actor was reset").with("Retry-After", "1");

  private final Counting counting = new Counting();
  private final TestHost node = new TestHost(counting);

  @Test
  void nothingOfTheTurnIsKeptOrSaidAndTheNextEventComesToANewObject() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "a");
    node.heard();
    node.offer(ada, "reset");
    node.offer(ada, "b");
    try (Logs logs = new Logs()) {
      node.steps.runAll();
      assertThat(logs.lines())
          .singleElement()
          .asString()
          .contains("actor room/one (message of connection 1.1) has reset it", "as asked");
    }
    assertThat(node.heard()).first().isEqualTo(new Handled(ada, 2));
    node.message(ada, "c");
    assertThat(node.texts()).containsExactly("1:c 3 3");
    assertThat(counting.activations).containsExactly(1L, 2L);
    assertThat(counting.objects).doesNotHaveDuplicates();
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  void theSenderDoesNotSufferForItWhateverThePolicy() {
    TestHost strict =
        new TestHost(new MemoryDisk(), counting, FailurePolicy.CLOSE, HostOptions.defaults());
    ConnectionId ada = strict.connect("ada");
    strict.heard();
    strict.message(ada, "reset");
    assertThat(strict.heard()).containsExactly(new Handled(ada, 1));
    strict.message(ada, "a");
    assertThat(strict.texts()).containsExactly("1:a 1 1");
  }

  @Test
  void aHandlerThatCatchesItGainsNothing() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "hide");
    assertThat(node.heard()).containsExactly(new Handled(ada, 1));
    node.message(ada, "a");
    assertThat(node.texts()).containsExactly("1:a 1 1");
  }

  @Test
  void aHandlerThatForgetsToThrowItGainsNothing() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "forget");
    assertThat(node.heard()).containsExactly(new Handled(ada, 1));
    assertThat(counting.forgotten).singleElement().extracting("message").isEqualTo("as asked");
    node.message(ada, "a");
    assertThat(node.texts()).containsExactly("1:a 1 1");
  }

  @Test
  void anUpgradeThatWasAcceptedBeforeItIsNone() {
    ConnectionId ada = node.connect("reset");
    assertThat(node.heard()).containsExactly(new Rejected(ada, WAS_RESET));
    assertThat(node.status().connections()).isZero();
    assertThat(node.store.kept()).isEmpty();
  }

  @Test
  void aRequestIsAnswered503() {
    node.request();
    assertThat(node.heard()).containsExactly(new Responded(1, WAS_RESET));
  }

  @Test
  void aConnectionThatHasEndedIsGone() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.close(ada, 1000);
    node.heard();
    assertThat(node.status().connections()).isEqualTo(1);
    node.message(bo, "a");
    assertThat(node.texts()).containsExactly("2:a 1 1");
  }

  @Test
  void inOnHibernateItChangesNothing() {
    ConnectionId ada = node.connect("ada");
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
    node.heard();
    node.message(ada, "a");
    assertThat(node.texts()).containsExactly("1:a 1 1");
  }

  @Test
  void inOnActivateItIsAFailedActivation() {
    counting.isActivationReset = true;
    ConnectionId ada = node.connect("ada");
    assertThat(node.heard()).isEmpty();
    node.pass(Duration.ofMillis(250));
    assertThat(node.heard()).first().isEqualTo(new Accepted(ada, List.of(), List.of()));
    assertThat(counting.activations).containsExactly(1L, 1L);
  }

  @Test
  void outsideOfATurnItIsRefused() {
    node.connect("ada");
    assertThatIllegalStateException()
        .isThrownBy(() -> counting.objects.get(0).startOver("outside"))
        .withMessageContaining("no turn is open");
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.AWAKE);
  }

  @Test
  void commitsOnTheirWayAreNotTouchedByIt() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.store.hold();
    node.message(ada, "a");
    node.message(ada, "reset");
    node.message(ada, "b");
    assertThat(node.heard()).isEmpty();
    assertThat(node.store.waiting()).isEqualTo(2);
    node.store.letThrough();
    assertThat(node.texts()).containsExactly("1:a 1 1");
    node.store.letAllThrough();
    assertThat(node.texts()).containsExactly("1:b 2 2");
  }

  @Test
  void whenACommitOnItsWayIsLostTheNextObjectReadsTheStoreAnew() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.store.hold();
    node.message(ada, "a");
    node.message(ada, "reset");
    node.store.lose(new CommitResult.Unknown(new IOException("disk trouble")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.heard())
        .containsExactly(
            new Handled(ada, 1), new ToGateway.Close(ada, 1011, "not stored"), new Handled(ada, 2));
    ConnectionId bo = node.connect("bo");
    node.heard();
    node.message(bo, "b");
    assertThat(node.texts()).containsExactly("2:b 1 1");
  }

  @Test
  void anUpgradeIsAcceptedThoughTheActorIsResetBeforeItsCommitIsThrough() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.store.hold();
    ConnectionId bo = node.connect("bo");
    node.message(ada, "reset");
    node.store.letAllThrough();
    assertThat(node.heard())
        .startsWith(new Accepted(bo, List.of(), List.of()))
        .endsWith(new Handled(ada, 1));
    assertThat(node.status().connections()).isEqualTo(2);
  }

  @Test
  void aStageThatCompletesAfterItGoesNowhere() {
    CompletableFuture<String> slow = new CompletableFuture<>();
    List<TurnStateException.Why> late = new ArrayList<>();
    TestHost awaiting =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (text.equals("wait")) {
                  self.await(
                      slow.thenAccept(
                          value -> {
                            try {
                              from.send(value);
                            } catch (TurnStateException e) {
                              late.add(e.why());
                            }
                          }));
                  throw self.startOver("as asked");
                }
                from.send(text);
              }
            });
    ConnectionId ada = awaiting.connect("ada");
    awaiting.heard();
    awaiting.offer(ada, "wait");
    awaiting.message(ada, "next");
    assertThat(awaiting.texts()).containsExactly("1:next");
    slow.complete("late");
    awaiting.steps.runAll();
    assertThat(awaiting.heard()).isEmpty();
    assertThat(late).containsExactly(TurnStateException.Why.ABANDONED);
  }

  @Test
  void aCallbackOfWhatATurnWaitsForEndsItAtOnceThoughOtherStagesAreOpen() {
    CompletableFuture<Void> first = new CompletableFuture<>();
    CompletableFuture<Void> never = new CompletableFuture<>();
    TestHost awaiting =
        new TestHost(
            new Script() {
              private CompletableFuture<Void> callback = CompletableFuture.completedFuture(null);

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.store().put("k", text);
                if (text.equals("wait")) {
                  self.await(never);
                  callback =
                      first.thenRun(
                          () -> {
                            throw self.startOver("as asked");
                          });
                }
                from.send(text + " " + self.number() + " " + callback.isCompletedExceptionally());
              }
            });
    ConnectionId ada = awaiting.connect("ada");
    awaiting.heard();
    awaiting.offer(ada, "wait");
    awaiting.message(ada, "next");
    assertThat(awaiting.heard()).isEmpty();
    first.complete(null);
    awaiting.steps.runAll();
    assertThat(awaiting.texts()).containsExactly("1:next 2 true");
    never.complete(null);
    awaiting.steps.runAll();
    assertThat(awaiting.heard()).isEmpty();
  }
}
