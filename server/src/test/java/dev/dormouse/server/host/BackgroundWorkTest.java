package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.turn.BackgroundWork;
import dev.dormouse.server.observe.Logs;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BackgroundWorkTest {

  /** Begins a piece of background work with each message. */
  private static final class Beginning extends Script {
    final Deque<CompletableFuture<String>> begun = new ArrayDeque<>();
    final List<Throwable> late = new ArrayList<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
      CompletableFuture<String> work = new CompletableFuture<>();
      self.background(
          work.thenAccept(
              result -> {
                try {
                  from.send(result);
                } catch (IllegalStateException e) {
                  late.add(e);
                }
              }));
      begun.add(work);
      from.send(text);
      if (text.equals("fail")) {
        throw new IOException("as asked");
      }
    }
  }

  private final Beginning beginning = new Beginning();
  private final TestHost node = new TestHost(beginning);

  @Test
  @DisplayName("S18 Background work holds up neither later messages nor sleep, but a stop")
  void backgroundWorkHoldsUpNeitherMessagesNorSleepButAStop() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "a");
    node.message(ada, "b");
    assertThat(node.texts()).containsExactly("1:a", "1:b");
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isNotDone();
    beginning.begun.remove().complete("done");
    assertThat(stopped).isNotDone();
    beginning.begun.remove().complete("done");
    assertThat(stopped).isCompleted();
    assertThat(beginning.late).hasSize(2);
    assertThat(node.heard()).isEmpty();
  }

  @Test
  void aStopWithoutBackgroundWorkWaitsForNone() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "a");
    beginning.begun.remove().complete("done");
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isCompleted();
  }

  @Test
  void workThatFailsIsLoggedAndNoMore() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "fail");
    node.heard();
    try (Logs logs = new Logs()) {
      beginning.begun.remove().completeExceptionally(new IOException("no network"));
      assertThat(logs.lines()).containsExactly("background work of actor room/one failed");
    }
    node.message(ada, "a");
    assertThat(node.texts()).containsExactly("1:a");
  }

  @Test
  void anActorHasAtMost1024PiecesUnderWay() {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    TestHost greedy =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                try {
                  for (int i = 0; i <= BackgroundWork.STAGES_MAX; i++) {
                    CompletableFuture<Void> piece = new CompletableFuture<>();
                    self.background(piece);
                    all.add(piece);
                  }
                } catch (RuntimeException e) {
                  refused.add(e.getMessage());
                }
              }
            });
    ConnectionId ada = greedy.connect("ada");
    greedy.message(ada, "more");
    assertThat(refused)
        .containsExactly(
            "the number of pieces of background work of an actor is 1025; the limit is 1024");
    all.remove(0).complete(null);
    greedy.message(ada, "more");
    assertThat(all).hasSize(BackgroundWork.STAGES_MAX);
    assertThat(refused).hasSize(2);
  }

  @Test
  void outsideOfATurnNoneIsTaken() {
    List<Actor> kept = new ArrayList<>();
    TestHost other =
        new TestHost(
            new Script() {
              @Override
              void onActivate(Actor self) {
                kept.add(self);
              }
            });
    other.connect("ada");
    assertThatIllegalStateException()
        .isThrownBy(() -> kept.get(0).background(new CompletableFuture<>()))
        .withMessageContaining("no turn is open");
  }
}
