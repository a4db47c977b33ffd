package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.Script.Tally;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Broadcast;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HibernationTest {

  @Test
  void anIdleActorLeavesMemoryAndTheNextMessageBringsItBackWithEverything() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.attach(((Note) from.attachment()).counted());
                self.store().put("last", text);
                from.tag("spoke");
                from.send(
                    self.number()
                        + " "
                        + from.attachment()
                        + " "
                        + self.all().tagged("spoke").count()
                        + " of "
                        + self.all().count());
              }
            });
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.message(ada, "hello");
    assertThat(node.texts()).containsExactly("1:1 " + new Note("ada", 1) + " 1 of 2");
    node.tickAfter(Duration.ofMillis(9_999));
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.AWAKE);
    assertThat(node.status().keptAwakeBy()).containsExactly("idle 10.0 s of 10.0 s");
    node.tickAfter(Duration.ofMillis(1));
    assertThat(node.host.activeActors()).isZero();
    assertThat(node.status())
        .isEqualTo(new ActorStatus(TestHost.ROOM, ActorStatus.State.ASLEEP, 2, 1, List.of()));
    node.message(bo, "good morning");
    node.message(ada, "you too");
    assertThat(node.texts())
        .containsExactly(
            "2:2 " + new Note("bo", 1) + " 2 of 2", "1:2 " + new Note("ada", 2) + " 2 of 2");
    assertThat(node.status().wakes()).isEqualTo(2);
  }

  @DisplayName("A10: a request of any key, or a rejected upgrade, leaves no row")
  @Test
  void anActorThatStoredNothingLeavesNothing() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.reject(403, "no");
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                return HttpResponse.text(200, self.number() + "");
              }
            });
    assertThat(node.ask()).isEqualTo("1");
    node.connect("ada");
    assertThat(node.hibernate()).isTrue();
    assertThat(node.ask()).isEqualTo("1");
    assertThat(node.hibernate()).isTrue();
    assertThat(node.store.kept()).isEmpty();
    assertThat(node.store.scanAll(Table.ACTOR, null, 10)).isEmpty();
  }

  @DisplayName("N9: an order to an actor of an unknown type is an error")
  @Test
  void anActorOfAnUnknownTypeIsNotSentToSleep() {
    TestHost node = new TestHost(new Script());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> node.host.hibernate(new ActorId("rom", "one")))
        .withMessage("there is no actor type 'rom'; there are [room]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> node.host.reset(new ActorId("rom", "one"), "why"));
  }

  @DisplayName("A10: nor does an actor whose connections and values are gone")
  @Test
  void anActorOfWhichNothingIsLeftTakesItsOwnRowAlong() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                switch (text) {
                  case "put" -> self.store().put("k", 1);
                  case "alarm" -> self.clock().after("a", Duration.ofHours(1));
                  case "reply" -> self.reply("ping", "pong");
                  default -> {
                    self.store().deleteAll();
                    self.clock().cancel("a");
                    self.clearReply("ping");
                  }
                }
              }
            });
    for (String stored : List.of("put", "alarm", "reply")) {
      ConnectionId ada = node.connect("ada");
      node.message(ada, stored);
      node.close(ada, 1000);
      assertThat(node.hibernate()).isTrue();
      assertThat(node.store.scanAll(Table.ACTOR, null, 10)).as(stored).isNotEmpty();
      ConnectionId bo = node.connect("bo");
      node.message(bo, "clear");
      assertThat(node.hibernate()).isTrue();
      assertThat(node.store.scanAll(Table.ACTOR, null, 10)).as(stored).isNotEmpty();
      node.close(bo, 1000);
      assertThat(node.hibernate()).isTrue();
      for (Table table : List.of(Table.ACTOR, Table.CONNECTION, Table.VALUE, Table.ALARM)) {
        assertThat(node.store.scanAll(table, null, 10)).as(stored + " " + table).isEmpty();
      }
      assertThat(node.status().wakes()).isZero();
    }
  }

  @Test
  void whatOnHibernateStoresIsThereAtTheNextWake() {
    List<Object> found = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onActivate(Actor self) {
                found.add(self.store().get("nap", Long.class).orElse(0L));
              }

              @Override
              void onHibernate(Actor self) {
                self.store().put("nap", self.number());
              }
            });
    ConnectionId ada = node.connect("ada");
    assertThat(node.hibernate()).isTrue();
    node.message(ada, "a");
    assertThat(node.hibernate()).isTrue();
    node.message(ada, "b");
    assertThat(found).containsExactly(0L, 1L, 2L);
  }

  @Test
  void anEventThatComesWhileTheLastCommitIsUnderWayFindsWhatItWrote() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.send(self.store().get("k", String.class).orElse("nothing"));
                self.store().put("k", text);
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.store.hold();
    node.message(ada, "a");
    assertThat(node.hibernate()).isFalse();
    node.message(ada, "b");
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.texts()).containsExactly("1:nothing", "1:a");
  }

  @Test
  void aHandlerOfHibernateThatThrowsDoesNotKeepTheActorInMemory() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onHibernate(Actor self) throws IOException {
                throw new IOException("as asked");
              }
            });
    node.connect("ada");
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
  }

  @Test
  void workThatATurnWaitsForPinsTheActor() {
    CompletableFuture<Void> slow = new CompletableFuture<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.await(slow);
              }
            });
    node.message(node.connect("ada"), "wait");
    node.tickAfter(Duration.ofSeconds(20));
    assertThat(node.host.activeActors()).isEqualTo(1);
    slow.complete(null);
    node.steps.runAll();
    node.tickAfter(Duration.ofSeconds(10));
    assertThat(node.host.activeActors()).isZero();
  }

  @Test
  @DisplayName("S19 An attachment that is changed in place is stored with the turn")
  void anAttachmentThatIsChangedInPlaceIsStoredWithTheTurn() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.accept(new Tally());
              }

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.send("" + ++((Tally) from.attachment()).count);
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "a");
    node.hibernate();
    node.message(ada, "b");
    assertThat(node.texts()).containsExactly("1:1", "1:2");
  }

  @Test
  @DisplayName("S19 An attachment that is only read is not written again")
  void anAttachmentThatIsOnlyReadIsNotWrittenAgain() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.send(String.valueOf(from.attachment()));
              }
            });
    ConnectionId ada = node.connect("ada");
    node.store.hold();
    node.message(ada, "a");
    assertThat(node.store.waiting()).isZero();
  }

  @Test
  @DisplayName("S30 A broadcast goes by tag and exclusion, and needs no connection's row")
  void aBroadcastGoesByTagAndExclusionAndNeedsNoConnectionsRow() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.all().tagged("x").except(from).broadcast(text);
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "hi");
    assertThat(node.heard())
        .first()
        .isEqualTo(
            new Broadcast(
                List.of("x"), Set.of(ada), dev.dormouse.server.protocol.Payload.text("hi")));
  }

  @Test
  @DisplayName("S29 Tags persist, are set once, and change in order")
  void tagsPersistAndAreSetOnceAndChangeInOrder() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.accept(new Note("x", 0), "b", "a");
              }

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.tag("c", "a");
                from.untag("b");
                from.send(String.valueOf(from.tags()));
              }
            });
    ConnectionId ada = node.connect("ada");
    assertThat(node.heard())
        .containsExactly(new ToGateway.Accepted(ada, List.of("b", "a"), List.of()));
    node.message(ada, "1");
    assertThat(node.heard()).contains(new ToGateway.Retagged(ada, List.of("a", "c")));
    node.hibernate();
    node.message(ada, "2");
    assertThat(node.texts()).containsExactly("1:[a, c]");
  }

  @Test
  void moreThanTheMostTagsFailTheTurn() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.tag("1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
                from.send("ten");
                if (text.equals("more")) {
                  from.tag("11");
                }
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "more");
    assertThat(node.texts()).isEmpty();
    node.message(ada, "ten");
    assertThat(node.texts()).containsExactly("1:ten");
  }

  /** Records closes in storage, so that the effects of a failed or lost turn cannot be seen. */
  private static final class ClosingBook extends Script {
    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      String book = self.store().get("book", String.class).orElse("");
      String entry =
          gone.id() + ":" + reason.code() + ":" + reason.cause() + ":" + gone.attachment() + ";";
      self.store().put("book", book + entry);
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(
          200, self.all().count() + " " + self.store().get("book", String.class).orElse(""));
    }
  }

  @Test
  void connectionsOfADeadProcessAreClosedOnceAtTheNextStart() {
    MemoryDisk disk = new MemoryDisk();
    TestHost dead = new TestHost(disk, new ClosingBook());
    dead.connect("ada");
    dead.connect("bo");

    TestHost next = new TestHost(disk, new ClosingBook());
    ConnectionId living = next.connect("cy");
    CompletableFuture<Long> closed = next.host.closeLeftovers();
    next.steps.runAll();
    assertThat(closed).isCompletedWithValue(2L);
    next.heard();
    next.request();
    String book =
        "1 1.1:1006:PROCESS_DIED:"
            + new Note("ada", 0)
            + ";1.2:1006:PROCESS_DIED:"
            + new Note("bo", 0)
            + ";";
    assertThat(next.heard())
        .containsExactly(new ToGateway.Responded(1, HttpResponse.text(200, book)));
    assertThat(living.run()).isEqualTo(2);

    TestHost last = new TestHost(disk, new ClosingBook());
    CompletableFuture<Long> closedLater = last.host.closeLeftovers();
    last.steps.runAll();
    assertThat(closedLater).isCompletedWithValue(1L);
    last.heard();
    last.request();
    assertThat(last.heard())
        .containsExactly(
            new ToGateway.Responded(
                1,
                HttpResponse.text(
                    200,
                    book.replaceFirst("1", "0")
                        + "2.1:1006:PROCESS_DIED:"
                        + new Note("cy", 0)
                        + ";")));
  }

  @Test
  void aCloseThatDiedBeforeItWasStoredIsRepeated() {
    MemoryDisk disk = new MemoryDisk();
    TestHost first = new TestHost(disk, new ClosingBook());
    first.connect("ada");

    TestHost second = new TestHost(disk, new ClosingBook());
    second.store.hold();
    CompletableFuture<Long> interrupted = second.host.closeLeftovers();
    second.steps.runAll();
    second.store.lose(new CommitResult.Unknown(new IOException("killed")));

    TestHost third = new TestHost(disk, new ClosingBook());
    CompletableFuture<Long> closed = third.host.closeLeftovers();
    third.steps.runAll();
    assertThat(List.of(interrupted.join(), closed.join())).containsExactly(1L, 1L);
    third.request();
    assertThat(third.heard())
        .containsExactly(
            new ToGateway.Responded(
                1, HttpResponse.text(200, "0 1.1:1006:PROCESS_DIED:" + new Note("ada", 0) + ";")));
  }

  @Test
  void stoppingLetsEveryActorFinishAndRefusesWhatIsNew() {
    List<String> seen = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                seen.add(text);
              }

              @Override
              void onHibernate(Actor self) {
                seen.add("hibernated");
              }
            });
    ConnectionId ada = node.connect("ada");
    node.offer(ada, "a");
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isCompleted();
    assertThat(seen).containsExactly("a", "hibernated");
    node.heard();
    ConnectionId late = node.connect("bo");
    assertThat(node.heard())
        .containsExactly(
            new ToGateway.Rejected(
                late, HttpResponse.text(503, "the server is stopping").with("Retry-After", "1")));
  }
}
