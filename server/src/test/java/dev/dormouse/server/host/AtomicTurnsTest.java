package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.Script.Tally;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks that everything one event did takes effect together, and what a turn sees. */
class AtomicTurnsTest {

  /** Does everything that a handler can do, to every connection of the actor. */
  private static final class Busy extends Script {
    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
      self.store().put("k", text);
      self.store().put("l", text);
      self.reply("ping", text);
      for (Connection<Object> each : self.all()) {
        each.attach(((Note) each.attachment()).counted());
        each.tag(text);
        each.send(text);
      }
      self.all().except(from).broadcast("all " + text);
      self.all().except(from).forEach(other -> other.close(4000, text));
      if (text.equals("fail")) {
        throw new IOException("as asked");
      }
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      List<String> seen = new ArrayList<>();
      self.all().forEach(each -> seen.add(each.attachment() + "" + each.tags() + each.isOpen()));
      return HttpResponse.text(200, self.store().list("", String.class) + "" + seen);
    }
  }

  @Test
  void everythingThatOneEventDidIsCommittedTogether() {
    TestHost node = new TestHost(new Busy());
    ConnectionId ada = node.connect("ada");
    node.connect("bo");
    node.heard();
    int before = node.store.kept().size();
    node.store.hold();
    node.message(ada, "well");
    assertThat(node.store.waiting()).isEqualTo(1);
    assertThat(node.heard()).isEmpty();
    node.store.letAllThrough();
    assertThat(node.store.kept()).hasSize(before + 1);
    assertThat(node.store.kept().get(before).writes())
        .extracting(TurnBatch.Write::table)
        .containsExactlyInAnyOrder(
            Table.ACTOR, // the replies, and that there are some
            Table.ACTOR,
            Table.CONNECTION,
            Table.CONNECTION,
            Table.VALUE,
            Table.VALUE);
    // The records are two sends, two changes of tags, a broadcast, a close, the replies, and the
    // note that the message is handled.
    assertThat(node.heard()).hasSize(8);
  }

  @Test
  // An actor that does not rest keeps its thread for ever.
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void anActorThatHasLostACommitRestsUntilTheOthersAreReported() {
    TestHost node = new TestHost(new Busy());
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.heard();
    node.store.hold();
    node.message(ada, "well");
    node.message(ada, "well");
    assertThat(node.store.waiting()).isEqualTo(2);
    node.store.lose(new CommitResult.Unknown(new IOException("disk trouble")));
    node.message(bo, "well");
    node.steps.runAll();
    assertThat(node.store.waiting()).isEqualTo(1);
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.heard()).contains(new Handled(bo, 1));
  }

  @Test
  void everythingThatAFailedOrLostEventDidVanishesTogether() {
    TestHost node = new TestHost(new Busy());
    ConnectionId ada = node.connect("ada");
    node.connect("bo");
    String before = node.ask();
    assertThat(before)
        .isEqualTo("[][" + new Note("ada", 0) + "[]true, " + new Note("bo", 0) + "[]true]");
    int kept = node.store.kept().size();
    node.message(ada, "fail");
    assertThat(node.heard()).containsExactly(new Handled(ada, 1));
    assertThat(node.store.kept()).hasSize(kept);
    assertThat(node.ask()).isEqualTo(before);
    node.store.hold();
    node.message(ada, "lost");
    node.store.lose(new CommitResult.Unknown(new IOException("disk trouble")));
    assertThat(node.heard())
        .containsExactly(new Handled(ada, 2), new ToGateway.Close(ada, 1011, "not stored"));
    node.steps.runAll();
    node.store.letAllThrough();
    // The failed message's connection has been closed.
    assertThat(node.ask()).isEqualTo(before.replaceFirst("true", "false"));
  }

  @Test
  @DisplayName("S17 A failed handler does not break the chain of its connection")
  void aFailedHandlerDoesNotBreakTheChainOfItsConnection() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
                if (text.equals("fail")) {
                  throw new IOException("as asked");
                }
                from.send(text);
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.offer(ada, "a");
    node.offer(ada, "fail");
    node.message(ada, "b");
    assertThat(node.texts()).containsExactly("1:a", "1:b");
  }

  @Test
  @DisplayName(
      "S19 An attachment that is changed in work that the turn waits for is stored with it")
  void anAttachmentThatIsChangedInWorkThatTheTurnWaitsForIsStoredWithIt() {
    CompletableFuture<Void> slow = new CompletableFuture<>();
    TestHost node =
        tallying(
            (self, from) -> self.await(slow.thenRun(() -> ((Tally) from.attachment()).count += 5)));
    ConnectionId ada = node.connect("ada");
    node.message(ada, "add");
    slow.complete(null);
    node.steps.runAll();
    node.hibernate();
    node.heard();
    node.message(ada, "tell");
    assertThat(node.texts()).containsExactly("1:5");
  }

  @Test
  @DisplayName("S19 The sender's attachment is stored though a field of the actor was changed")
  void theSendersAttachmentIsStoredThoughAFieldOfTheActorWasChanged() {
    List<Tally> kept = new ArrayList<>();
    TestHost node =
        tallying(
            (self, from) -> {
              if (kept.isEmpty()) {
                kept.add((Tally) from.attachment());
              } else {
                kept.get(0).count++;
              }
            });
    ConnectionId ada = node.connect("ada");
    node.message(ada, "add");
    node.message(ada, "add");
    node.message(ada, "add");
    node.hibernate();
    node.heard();
    node.message(ada, "tell");
    assertThat(node.texts()).containsExactly("1:2");
  }

  private interface Adding {
    void add(Actor self, Connection<Object> from);
  }

  /**
   * Returns a host whose actor adds when told to, and answers any other message with the sender's
   * count.
   */
  private static TestHost tallying(Adding adding) {
    return new TestHost(
        new Script() {
          @Override
          void onUpgrade(Actor self, Upgrade<Object> upgrade) {
            upgrade.accept(new Tally());
          }

          @Override
          void onMessage(Actor self, Connection<Object> from, String text) {
            if (text.equals("add")) {
              adding.add(self, from);
            } else {
              from.send("" + ((Tally) from.attachment()).count);
            }
          }
        });
  }

  @Test
  @DisplayName("S20 A message that waited sees the attachment as the message before it left it")
  void aMessageThatWaitedSeesTheAttachmentAsTheMessageBeforeItLeftIt() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.send(text + " " + ((Note) from.attachment()).count());
                self.all().forEach(each -> each.attach(((Note) each.attachment()).counted()));
              }
            });
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.heard();
    node.offer(ada, "a");
    node.offer(bo, "b");
    node.message(ada, "c");
    assertThat(node.texts()).containsExactly("1:a 0", "2:b 1", "1:c 2");
  }

  @Test
  @DisplayName("S21 The error of an attachment that cannot be stored names connection, class, size")
  void theErrorOfAnAttachmentThatCannotBeStoredNamesItsClassAndSize() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.store().put("trace", text);
                self.all()
                    .except(from)
                    .forEach(
                        other ->
                            other.attach(text.equals("large") ? "x".repeat(16_384) : new Thread()));
                from.send("never");
              }
            });
    ConnectionId ada = node.connect("ada");
    node.connect("bo");
    node.heard();
    int kept = node.store.kept().size();
    try (Logs logs = new Logs()) {
      node.message(ada, "large");
      node.message(ada, "unnamed");
      assertThat(logs.lines()).hasSize(2);
      assertThat(logs.lines().get(0))
          .contains(
              "the attachment of connection 1.2 of room/one: a value of class java.lang.String",
              "is more than 16384 bytes, which is the limit");
      assertThat(logs.lines().get(1))
          .contains("the attachment of connection 1.2 of room/one", "java.lang.Thread");
    }
    assertThat(node.heard()).containsExactly(new Handled(ada, 1), new Handled(ada, 2));
    assertThat(node.store.kept()).hasSize(kept);
  }

  @Test
  void attachmentsCountTowardsWhatOneTurnMayStore() {
    byte[] twoMebibytesAlmost = new byte[(2 << 20) - 200];
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                for (int i = 0; i < 32; i++) {
                  self.store().put("k" + i, twoMebibytesAlmost);
                }
                from.attach(text);
                from.send(text.length() + "");
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "x".repeat(10_000));
    node.message(ada, "x");
    assertThat(node.texts()).containsExactly("1:1");
  }

  @Test
  @DisplayName("S22 After a wake every connection is known before the first handler runs")
  void afterAWakeEveryConnectionIsKnownBeforeTheFirstHandlerRuns() {
    List<String> known = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.accept(new Note(upgrade.head().query("name").orElse(""), 0), "t");
              }

              @Override
              void onActivate(Actor self) {
                known.add(
                    self.all().count()
                        + " "
                        + self.all().tagged("t").stream()
                            .map(each -> ((Note) each.attachment()).name())
                            .toList());
              }
            });
    node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.connect("cy");
    node.hibernate();
    node.message(bo, "wake up");
    assertThat(known).containsExactly("0 []", "3 [ada, bo, cy]");
  }

  @Test
  @DisplayName("S23 S24 Wakes at the same time share one activation, however many connections")
  void wakesAtTheSameTimeShareOneActivationHoweverManyConnections() throws InterruptedException {
    List<Long> activations = new ArrayList<>();
    List<String> handled = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onActivate(Actor self) {
                activations.add(self.number());
              }

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                handled.add(text);
              }
            });
    int clients = 8;
    List<ConnectionId> ids = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      ids.add(node.connect("n" + i));
    }
    node.hibernate();
    CountDownLatch together = new CountDownLatch(clients);
    List<Thread> threads = new ArrayList<>();
    for (ConnectionId id : ids) {
      Thread thread =
          new Thread(
              () -> {
                together.countDown();
                try {
                  together.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                node.host.accept(
                    new ToHost.Message(TestHost.ROOM, id, 1, Payload.text("of " + id)));
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    node.steps.runAll();
    assertThat(activations).containsExactly(1L, 2L);
    assertThat(handled).hasSize(clients).doesNotHaveDuplicates();
  }

  @Test
  void readsInsideATurnSeeItsOwnTagsAttachmentsAndConnections() {
    List<String> seen = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                Connection<Object> me = upgrade.accept(new Note("me", 0), "new");
                me.tag("newer");
                me.attach(new Note("me", 1));
                seen.add(
                    self.all().count()
                        + " "
                        + self.all().tagged("newer").stream().map(Connection::attachment).toList()
                        + self.all().find(me.id()).isPresent()
                        + self.store().list(KeyRange.all(), String.class));
                me.untag("newer");
                seen.add("" + self.all().tagged("newer").count());
              }
            });
    node.connect("ada");
    assertThat(seen).containsExactly("1 [" + new Note("me", 1) + "]true[]", "0");
  }
}
