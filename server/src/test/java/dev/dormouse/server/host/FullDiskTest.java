package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.storage.CommitResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Checks that events which need no commit go on while the store refuses commits, and that nothing
 * is forgotten.
 */
class FullDiskTest {
  private static final Duration TICK = Duration.ofMillis(250);

  /** Counts the values that are put, tells the count, and keeps who has closed. */
  private static final class Counter extends Script {
    private boolean isPuttingOnRequest;

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      if (text.equals("put")) {
        self.store().put("count", count(self) + 1);
      }
      from.send("count " + count(self));
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      if (isPuttingOnRequest) {
        self.store().put("count", count(self) + 1);
      }
      return HttpResponse.text(200, self.store().get("closed", String.class).orElse(""));
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      String closed = self.store().get("closed", String.class).orElse("");
      String name = ((Note) gone.attachment()).name();
      self.store().put("closed", closed + name + " " + reason.code() + ";");
    }

    private static int count(Actor self) {
      return self.store().get("count", Integer.class).orElse(0);
    }
  }

  private final Counter counter = new Counter();
  private final TestHost node = new TestHost(counter);

  @Test
  void theSenderOfWhatCannotBeKeptIsToldToTryAgainLaterAndOthersStay() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.message(ada, "put");
    node.heard();
    node.store.full(true);
    node.message(ada, "put");
    assertThat(node.heard())
        .containsExactly(
            new Handled(ada, 2),
            new ToGateway.Close(ada, 1013, "the server cannot store anything now"));
    node.message(bo, "get");
    assertThat(node.texts()).containsExactly("2:count 1");
    node.store.full(false);
    node.message(bo, "put");
    assertThat(node.texts()).containsExactly("2:count 2");
  }

  @Test
  void whatTheClosedSenderSentBehindItIsNotHandled() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.store.full(true);
    node.offer(ada, "put");
    node.offer(ada, "put");
    node.steps.runAll();
    node.store.full(false);
    node.message(ada, "put");
    node.heard();
    node.message(bo, "get");
    assertThat(node.texts()).containsExactly("2:count 0");
  }

  @Test
  void aTurnThatRanOnWhatWasRefusedIsNotKeptThoughThereIsRoomAgain() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.heard();
    node.store.hold();
    node.message(ada, "put");
    node.message(bo, "put");
    node.store.full(true);
    node.store.letThrough();
    node.store.full(false);
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.heard())
        .containsExactly(
            new Handled(ada, 1),
            new ToGateway.Close(ada, 1013, "the server cannot store anything now"),
            new Handled(bo, 1),
            new ToGateway.Close(bo, 1013, "the server cannot store anything now"));
    ConnectionId cleo = node.connect("cleo");
    node.message(cleo, "get");
    assertThat(node.texts()).containsExactly("3:count 0");
  }

  @Test
  void aCloseThatCouldNotBeKeptWakesNobodyOnceTheHostHasStopped() {
    ConnectionId ada = node.connect("ada");
    node.store.full(true);
    node.close(ada, 1000);
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isCompleted();
    node.store.full(false);
    node.tickAfter(TICK);
    assertThat(node.status().state()).isNotEqualTo(ActorStatus.State.AWAKE);
    assertThat(node.host.owedCloses()).isEqualTo(1);
  }

  @Test
  void aMessageThatWasPassedOverForACloseThatIsNotKeptIsNotForgotten() {
    TestHost kicking =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.store().put("kicked by", text);
                self.all().except(from).forEach(other -> other.close(4000, "bye"));
              }
            });
    ConnectionId ada = kicking.connect("ada");
    ConnectionId bo = kicking.connect("bo");
    kicking.heard();
    kicking.store.hold();
    kicking.message(ada, "kick");
    kicking.message(bo, "wait!");
    kicking.store.full(true);
    kicking.store.letAllThrough();
    kicking.steps.runAll();
    assertThat(kicking.heard())
        .containsExactly(
            new Handled(ada, 1),
            new ToGateway.Close(ada, 1013, "the server cannot store anything now"),
            new Handled(bo, 1),
            new ToGateway.Close(bo, 1013, "the server cannot store anything now"));
  }

  @Test
  void upgradesAndRequestsThatNeedTheDiskAreAnswered503AndOthersAreServed() {
    node.connect("ada");
    node.heard();
    node.store.full(true);
    node.connect("bo");
    HttpResponse busy =
        HttpResponse.text(503, "the actor could not be stored").with("Retry-After", "1");
    assertThat(node.heard())
        .singleElement()
        .isInstanceOfSatisfying(
            ToGateway.Rejected.class, r -> assertThat(r.response()).isEqualTo(busy));
    node.request();
    assertThat(node.heard()).contains(new ToGateway.Responded(1, HttpResponse.text(200, "")));
    assertThat(node.status().connections()).isEqualTo(1);
    counter.isPuttingOnRequest = true;
    node.request();
    assertThat(node.heard()).contains(new ToGateway.Responded(2, busy));
  }

  @Test
  void aCloseThatCouldNotBeKeptIsKeptOnceThereIsRoom() {
    List<ConnectionId> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(node.connect("c" + i));
    }
    node.store.full(true);
    all.forEach(id -> node.close(id, 1000));
    assertThat(node.status().connections()).isEqualTo(20);
    node.tickAfter(TICK);
    node.store.refusals();
    for (int i = 0; i < 5; i++) {
      node.tickAfter(TICK);
    }
    assertThat(node.store.refusals()).isEqualTo(5); // one at a time while it is of no use
    node.store.full(false);
    node.tickAfter(TICK);
    node.tickAfter(TICK);
    assertThat(node.status().connections()).isZero();
    assertThat(closed()).hasSize(20).doesNotHaveDuplicates().allMatch(c -> c.endsWith(" 1000"));
    node.tickAfter(TICK);
    assertThat(closed()).hasSize(20);
  }

  @Test
  void aCloseWhoseCommitIsUnknownIsClosedAgainUnlessItWasKept() {
    ConnectionId ada = node.connect("ada");
    node.store.hold();
    node.close(ada, 1000);
    node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(closed()).isEmpty();
    node.tickAfter(TICK);
    assertThat(closed()).containsExactly("ada 1000");
    ConnectionId bo = node.connect("bo");
    node.store.hold();
    node.close(bo, 1000);
    node.store.keepButLose(new CommitResult.Unknown(new IOException("as asked")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(closed()).containsExactly("ada 1000", "bo 1000");
    node.tickAfter(TICK);
    assertThat(closed()).containsExactly("ada 1000", "bo 1000");
    assertThat(node.status().connections()).isZero();
  }

  @Test
  void anActorThatFallsAsleepMeanwhileIsFoundAsItWasStored() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "put");
    node.store.full(true);
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
    node.heard();
    node.message(ada, "get");
    assertThat(node.texts()).containsExactly("1:count 1");
  }

  /** Returns name and code of each connection whose close handler took effect. */
  private List<String> closed() {
    node.heard();
    node.request();
    List<String> bodies = new ArrayList<>();
    for (ToGateway record : node.heard()) {
      if (record instanceof ToGateway.Responded answer) {
        bodies.add(new String(answer.response().body(), StandardCharsets.UTF_8));
      }
    }
    assertThat(bodies).hasSize(1);
    return bodies.get(0).isEmpty() ? List.of() : List.of(bodies.get(0).split(";"));
  }
}
