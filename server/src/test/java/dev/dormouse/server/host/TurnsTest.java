package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.TurnStateException;
import dev.dormouse.sdk.TurnStateException.Why;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.Payload;
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
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TurnsTest {

  /** Counts in the attachment and in storage, and answers; {@code fail} throws after all that. */
  private static class Counting extends Script {
    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
      Note note = ((Note) from.attachment()).counted();
      from.attach(note);
      long total = self.store().get("total", Long.class).orElse(0L) + 1;
      self.store().put("total", total);
      from.send(note.count() + " " + total);
      if (text.equals("fail")) {
        throw new IOException("as asked");
      }
    }
  }

  @Test
  void anUpgradeIsAcceptedOnceItsConnectionIsStored() {
    TestHost node = new TestHost(new Script());
    node.store.hold();
    ConnectionId id = node.connect("ada");
    assertThat(node.heard()).isEmpty();
    node.store.letAllThrough();
    assertThat(node.heard()).containsExactly(new Accepted(id, List.of(), List.of()));
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  void nothingIsSaidBeforeItIsStoredAndAllOfItInOrder() {
    TestHost node = new TestHost(new Counting());
    ConnectionId id = node.connect("ada");
    node.heard();
    node.store.hold();
    node.message(id, "a");
    node.message(id, "b");
    node.message(id, "c");
    assertThat(node.store.waiting()).isEqualTo(3);
    assertThat(node.heard()).isEmpty();
    node.store.letThrough();
    assertThat(node.texts()).containsExactly("1:1 1");
    node.store.letAllThrough();
    assertThat(node.texts()).containsExactly("1:2 2", "1:3 3");
  }

  @Test
  void anAnswerThatStoresNothingWaitsForTheTurnsBeforeItOnly() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (text.equals("put")) {
                  self.store().put("k", "v");
                }
                from.send(text);
              }
            });
    ConnectionId id = node.connect("ada");
    node.heard();
    node.store.hold();
    node.message(id, "at once");
    assertThat(node.texts()).containsExactly("1:at once");
    node.message(id, "put");
    node.message(id, "after");
    assertThat(node.texts()).isEmpty();
    node.store.letAllThrough();
    assertThat(node.texts()).containsExactly("1:put", "1:after");
  }

  @Test
  void aHandlerThatThrowsLeavesNoTraceAndTheConnectionStaysOpen() {
    TestHost node = new TestHost(new Counting());
    ConnectionId id = node.connect("ada");
    node.message(id, "a");
    node.heard();
    node.message(id, "fail");
    assertThat(node.heard()).containsExactly(new Handled(id, 2));
    node.message(id, "b");
    assertThat(node.texts()).containsExactly("1:2 2");
  }

  @Test
  void aHandlerThatThrowsClosesTheConnectionIfTheTypeSaysSo() {
    TestHost node =
        new TestHost(new MemoryDisk(), new Counting(), FailurePolicy.CLOSE, HostOptions.defaults());
    ConnectionId id = node.connect("ada");
    node.heard();
    node.message(id, "fail");
    assertThat(node.heard())
        .containsExactly(new Handled(id, 1), new ToGateway.Close(id, 1011, "internal error"));
    node.message(id, "late");
    assertThat(node.heard()).containsExactly(new Handled(id, 2));
  }

  @Test
  void theObjectOfAFailedTurnIsDroppedAndTheNextEventMakesANewOne() {
    List<Long> activations = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Counting() {
              @Override
              void onActivate(Actor self) {
                activations.add(self.number());
              }
            });
    ConnectionId id = node.connect("ada");
    node.message(id, "fail");
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.ASLEEP);
    node.message(id, "a");
    assertThat(activations).containsExactly(1L, 2L);
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.AWAKE);
  }

  @Test
  void anActorIsToldTheSubprotocolOfItsClient() {
    List<Optional<String>> told = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                told.add(upgrade.subprotocol());
                upgrade.accept();
              }
            });
    node.connect("ada");
    node.offerUpgrade("ben", "v1");
    node.steps.runAll();
    assertThat(told).containsExactly(Optional.empty(), Optional.of("v1"));
  }

  @Test
  @DisplayName("S11 A handler that throws after accepting leaves no phantom connection")
  void aHandlerThatThrowsAfterAcceptingLeavesNoPhantomConnection() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.accept(new Note("x", 0)).send("welcome");
                throw new IllegalStateException("after accepting");
              }
            });
    ConnectionId id = node.connect("ada");
    assertThat(node.heard())
        .containsExactly(new Rejected(id, HttpResponse.text(500, "the actor failed")));
    assertThat(node.status().connections()).isZero();
  }

  @Test
  void anUpgradeThatIsNeitherAcceptedNorRejectedIsAnswered500() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {}
            });
    ConnectionId id = node.connect("ada");
    assertThat(node.heard())
        .containsExactly(new Rejected(id, HttpResponse.text(500, "the actor failed")));
  }

  @Test
  @DisplayName("S4 Deciding an upgrade twice is a clear exception")
  void decidingAnUpgradeTwiceIsAClearException() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.reject(401, "who are you?");
                try {
                  upgrade.accept();
                } catch (IllegalStateException e) {
                  self.store().put("said", String.valueOf(e.getMessage()));
                }
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                return HttpResponse.text(
                    200, self.store().get("said", String.class).orElse("nothing"));
              }
            });
    ConnectionId id = node.connect("ada");
    assertThat(node.heard())
        .containsExactly(new Rejected(id, HttpResponse.text(401, "who are you?")));
    node.request();
    assertThat(node.heard())
        .containsExactly(
            new Responded(1, HttpResponse.text(200, "this upgrade was decided already")));
  }

  @Test
  void aRequestWhoseHandlerReturnsNullIsAnswered500() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                return null;
              }
            });
    try (Logs logs = new Logs()) {
      node.request();
      assertThat(logs.lines()).hasSize(1);
      assertThat(logs.lines().get(0)).contains("onRequest returned null");
    }
    assertThat(node.heard())
        .containsExactly(new Responded(1, HttpResponse.text(500, "the actor failed")));
  }

  @Test
  void anAnswerThatComesLaterKeepsTheTurnOpenAndMayComeOnAnyThread() {
    CompletableFuture<String> slow = new CompletableFuture<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              HttpAnswer onRequest(Actor self, HttpRequest request) {
                return HttpAnswer.later(
                    slow.thenApply(
                        text -> {
                          self.store().put("said", text);
                          return HttpResponse.text(200, text);
                        }));
              }

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.send(self.store().get("said", String.class).orElse("nothing"));
              }
            });
    ConnectionId id = node.connect("ada");
    node.heard();
    node.request();
    node.message(id, "next");
    assertThat(node.heard()).isEmpty();
    CompletableFuture.runAsync(() -> slow.complete("slow")).join();
    node.steps.runAll();
    assertThat(node.heard())
        .containsExactly(
            new Responded(1, HttpResponse.text(200, "slow")),
            new ToGateway.Send(id, Payload.text("slow")),
            new Handled(id, 1));
  }

  @Test
  void anAnswerWhoseStageFailsFailsTheTurnAndNullIsNoAnswer() {
    List<CompletionStage<HttpResponse>> stages =
        List.of(
            CompletableFuture.failedStage(new IOException("as asked")),
            CompletableFuture.failedStage(new ResponseException(HttpResponse.text(409, "not now"))),
            CompletableFuture.completedStage(null),
            CompletableFuture.completedStage(HttpResponse.text(200, "done")));
    Iterator<CompletionStage<HttpResponse>> next = stages.iterator();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              HttpAnswer onRequest(Actor self, HttpRequest request) {
                return HttpAnswer.later(next.next());
              }
            });
    for (int i = 0; i < stages.size(); i++) {
      node.request();
    }
    HttpResponse failed = HttpResponse.text(500, "the actor failed");
    assertThat(node.heard())
        .extracting(said -> ((Responded) said).response())
        .containsExactly(
            failed, HttpResponse.text(409, "not now"), failed, HttpResponse.text(200, "done"));
  }

  @Test
  @DisplayName("S17 The next event waits for the work that a turn waits for")
  void theNextEventWaitsForTheWorkThatATurnWaitsFor() {
    CompletableFuture<String> slow = new CompletableFuture<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (text.equals("wait")) {
                  self.await(slow.thenAccept(from::send));
                }
                from.send(text);
              }
            });
    ConnectionId id = node.connect("ada");
    node.heard();
    node.message(id, "wait");
    node.message(id, "next");
    assertThat(node.heard()).isEmpty();
    assertThat(node.status().keptAwakeBy()).first().asString().startsWith("waitFor in a turn");
    slow.complete("slow");
    node.steps.runAll();
    assertThat(node.texts()).containsExactly("1:wait", "1:slow", "1:next");
  }

  @Test
  void aStageThatFailsFailsItsTurn() {
    CompletableFuture<String> slow = new CompletableFuture<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.store().put("kept", text);
                self.await(slow);
                from.send(text);
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                boolean isKept = self.store().get("kept", String.class).isPresent();
                return HttpResponse.text(200, "kept " + isKept);
              }
            });
    ConnectionId id = node.connect("ada");
    node.heard();
    node.message(id, "wait");
    slow.completeExceptionally(new IOException("as asked"));
    node.steps.runAll();
    assertThat(node.heard()).containsExactly(new Handled(id, 1));
    node.request();
    assertThat(node.heard())
        .containsExactly(new Responded(1, HttpResponse.text(200, "kept false")));
  }

  @Test
  void aTurnThatTakesTooLongIsAbandonedAndWhatItDoesLaterGoesNowhere() {
    CompletableFuture<String> never = new CompletableFuture<>();
    List<TurnStateException> late = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (text.equals("hang")) {
                  self.store().put("hung", true);
                  self.await(
                      never.whenComplete(
                          (value, error) -> {
                            try {
                              from.send("too late");
                            } catch (TurnStateException e) {
                              late.add(e);
                            }
                          }));
                }
                from.send(text + " " + self.store().get("hung", Boolean.class).isPresent());
              }
            });
    ConnectionId id = node.connect("ada");
    node.heard();
    node.message(id, "hang");
    node.offer(id, "next");
    node.tickAfter(Duration.ofSeconds(29));
    assertThat(node.heard()).isEmpty();
    node.tickAfter(Duration.ofSeconds(2));
    assertThat(node.texts()).containsExactly("1:next false");
    never.complete("at last");
    node.steps.runAll();
    assertThat(node.heard()).isEmpty();
    assertThat(late)
        .singleElement()
        .satisfies(e -> assertThat(e).hasMessageContaining("abandoned"))
        .extracting(TurnStateException::why)
        .isEqualTo(Why.ABANDONED);
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  void whatBelongsToNoTurnIsRefusedAndTheExceptionSaysWhy() {
    List<Connection<Object>> kept = new ArrayList<>();
    List<Why> onOtherThread = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) throws Exception {
                kept.add(from);
                CompletableFuture.runAsync(() -> onOtherThread.add(whyOf(() -> from.send("no"))))
                    .get();
                if (text.equals("fail")) {
                  throw new IOException("as asked");
                }
              }
            });
    ConnectionId ada = node.connect("ada");
    node.message(ada, "keep");
    node.heard();
    assertThatExceptionOfType(TurnStateException.class)
        .isThrownBy(() -> kept.get(0).send("outside"))
        .withMessageContaining("no turn is open")
        .extracting(TurnStateException::why)
        .isEqualTo(Why.NONE_OPEN);
    node.message(ada, "fail");
    assertThat(node.texts()).isEmpty();
    assertThat(whyOf(() -> kept.get(1).send("of a turn that has failed"))).isEqualTo(Why.OVER);
    assertThat(onOtherThread).containsExactly(Why.ON_OTHER_THREAD, Why.ON_OTHER_THREAD);
    assertThat(node.heard()).isEmpty();
  }

  private static @Nullable Why whyOf(Runnable use) {
    try {
      use.run();
      return null;
    } catch (TurnStateException e) {
      return e.why();
    }
  }

  @Test
  void aLostCommitResetsTheActorAndTellsTheSender() {
    TestHost node = new TestHost(new Counting());
    ConnectionId id = node.connect("ada");
    node.heard();
    node.store.hold();
    node.message(id, "a");
    node.message(id, "b");
    node.store.lose(new CommitResult.Unknown(new IOException("disk")));
    assertThat(node.heard())
        .containsExactly(new Handled(id, 1), new ToGateway.Close(id, 1011, "not stored"));
    node.store.lose(new CommitResult.Fenced(9));
    node.steps.runAll();
    assertThat(node.heard())
        .containsExactly(new Handled(id, 2), new ToGateway.Close(id, 1011, "not stored"));
    node.store.letAllThrough();
    ConnectionId other = node.connect("bo");
    node.message(other, "c");
    assertThat(node.texts()).containsExactly("2:1 1");
  }

  @Test
  @DisplayName("S21 An attachment that cannot be stored fails its turn, and the stored one stays")
  void anAttachmentThatCannotBeStoredFailsItsTurnAndTheStoredOneStays() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.store().put("seen", text);
                from.send("was " + from.attachment());
                from.attach(
                    switch (text) {
                      case "unnamed" -> new Thread();
                      case "large" -> "x".repeat(20_000);
                      default -> new Note(text, 0);
                    });
              }
            });
    ConnectionId id = node.connect("ada");
    node.heard();
    node.message(id, "unnamed");
    node.message(id, "large");
    assertThat(node.heard()).containsExactly(new Handled(id, 1), new Handled(id, 2));
    node.message(id, "bo");
    node.message(id, "cy");
    assertThat(node.texts())
        .containsExactly("1:was " + new Note("ada", 0), "1:was " + new Note("bo", 0));
  }

  @Test
  void readsInsideATurnSeeItsOwnWritesAndThoseOnTheirWay() {
    List<String> lists = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.store().put("k/" + text, text);
                if (text.equals("c")) {
                  self.store().delete("k/a");
                }
                lists.add(
                    ""
                        + keys(self, KeyRange.prefix("k/"))
                        + keys(self, KeyRange.prefix("k/").reversed().limit(2)));
              }

              private List<String> keys(Actor self, KeyRange range) {
                return self.store().list(range, String.class).stream()
                    .map(Storage.Entry::value)
                    .toList();
              }
            });
    ConnectionId id = node.connect("ada");
    node.message(id, "b");
    node.store.hold();
    node.message(id, "a");
    node.message(id, "d");
    node.message(id, "c");
    assertThat(lists)
        .containsExactly("[b][b]", "[a, b][b, a]", "[a, b, d][d, b]", "[b, c, d][d, c]");
    node.store.letAllThrough();
    node.message(id, "e");
    assertThat(lists).last().isEqualTo("[b, c, d, e][e, d]");
  }
}
