package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LimitsTest {

  /** Does a test's work inside a turn, and notes how it went wrong. */
  private static final class Doing extends Script {
    interface Deed {
      Object of(Actor self, Connection<Object> from) throws Exception;
    }

    private Deed deed = (self, from) -> "";
    private final List<String> outcomes = new ArrayList<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws Exception {
      try {
        outcomes.add(String.valueOf(deed.of(self, from)));
      } catch (RuntimeException e) {
        outcomes.add(e.getMessage());
      }
    }
  }

  private final Doing doing = new Doing();
  private final TestHost node = new TestHost(doing);

  private String outcome(Doing.Deed deed) {
    ConnectionId from = node.connect("ada");
    doing.deed = deed;
    node.message(from, "do");
    return doing.outcomes.get(doing.outcomes.size() - 1);
  }

  @Test
  void anActorHasAtMost32768Connections() {
    ActorRow full = new ActorRow(1, 1).with(1, 32_768);
    TurnBatch batch =
        new TurnBatch(
            TestHost.ROOM,
            node.store.epochOf(TestHost.ROOM),
            List.of(new TurnBatch.Write(Table.ACTOR, ActorRow.KEY, full.encode())));
    assertThat(node.store.commit(batch).toCompletableFuture())
        .isCompletedWithValue(CommitResult.DONE);
    node.connect("one too many");
    assertThat(node.heard())
        .singleElement()
        .isInstanceOfSatisfying(
            ToGateway.Rejected.class,
            rejected -> assertThat(rejected.response().status()).isEqualTo(503));
  }

  @Test
  void aListWithoutALimitHasAtMost10000Entries() {
    assertThat(
            outcome(
                (self, from) -> {
                  for (int i = 0; i < 10_000; i++) {
                    self.store().put("k" + i, i);
                  }
                  return self.store().list("k", Integer.class).size();
                }))
        .isEqualTo("10000");
    assertThat(
            outcome(
                (self, from) -> {
                  self.store().put("k10000", 1);
                  return self.store().list("k", Integer.class).size();
                }))
        .contains("more than 10000 entries");
    assertThat(outcome((self, from) -> self.store().list(KeyRange.all().limit(3), Integer.class)))
        .contains("k0", "k1,", "k10,")
        .doesNotContain("k100,");
  }

  @Test
  @DisplayName("A15: an answer to a request is part of what its turn sends")
  void anAnswerToARequestIsPartOfWhatItsTurnSends() {
    TestHost answering =
        new TestHost(
            new Script() {
              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                return HttpResponse.of(
                    200, List.of(), new byte[ActorOptions.TURN_BYTES_CEILING + 1]);
              }
            });
    try (Logs logs = new Logs()) {
      answering.request();
      assertThat(logs.lines()).hasSize(1);
      assertThat(logs.lines().get(0)).contains("what one turn sends and stores is 671");
    }
    assertThat(answering.heard())
        .containsExactly(new ToGateway.Responded(1, HttpResponse.text(500, "the actor failed")));
  }

  @Test
  void theThingItsSizeAndItsLimitCanBeReadByPrograms() {
    List<LimitExceededException> thrown = new ArrayList<>();
    outcome(
        (self, from) -> {
          for (Runnable deed :
              List.<Runnable>of(
                  () -> from.tag("t".repeat(257)),
                  () -> self.store().put("k", new byte[Storage.VALUE_BYTES_DEFAULT]),
                  () -> self.store().put("k", new byte[Storage.VALUE_BYTES_DEFAULT + 1]),
                  () -> self.store().delete(""))) {
            try {
              deed.run();
            } catch (LimitExceededException e) {
              thrown.add(e);
            }
          }
          return "";
        });
    assertThat(thrown)
        .extracting(e -> e.what() + " " + e.limit() + " " + e.unit())
        .containsExactly(
            "a tag 256 bytes",
            "the value of key 'k': a value of class [B 2097152 bytes",
            "the value of key 'k': a value of class [B 2097152 bytes",
            "a storage key 1 bytes");
    assertThat(thrown.get(0).actual()).isEqualTo(257);
    assertThat(thrown.get(1).actual()).isBetween(2097153L, 2097159L); // writing stops at the limit
    assertThat(thrown.get(2).actual()).isBetween(2097153L, 2097160L);
    assertThat(thrown.get(3).actual()).isZero();
  }

  @Test
  void keysTagsAndMessagesHaveTheirLimits() {
    assertThat(outcome((self, from) -> self.store().delete("")))
        .isEqualTo("a storage key must have at least 1 byte, and this one is empty");
    assertThat(outcome((self, from) -> self.store().delete("k".repeat(2_049))))
        .isEqualTo("a storage key is 2049 bytes; the limit is 2048");
    assertThat(outcome((self, from) -> self.store().delete("k".repeat(2_048)))).isEqualTo("false");
    assertThat(
            outcome(
                (self, from) -> {
                  from.tag("t".repeat(256));
                  from.tag("t".repeat(257));
                  return "";
                }))
        .isEqualTo("a tag is 257 bytes; the limit is 256");
    assertThat(
            outcome(
                (self, from) -> {
                  from.send(ByteBuffer.allocate(32 << 20));
                  from.send(ByteBuffer.allocate((32 << 20) + 1));
                  return "";
                }))
        .isEqualTo("a message is 33554433 bytes; the limit is 33554432");
  }

  @Test
  void textThatHasNoUtf8AndNullAreRefused() {
    assertThat(outcome((self, from) -> self.store().get("\ud800", String.class)))
        .isEqualTo("a storage key has an unpaired surrogate");
    assertThat(
            outcome(
                (self, from) -> {
                  from.tag("\udc00");
                  return "";
                }))
        .isEqualTo("a tag has an unpaired surrogate");
    assertThat(
            outcome(
                (self, from) -> {
                  self.store().put("k", (Object) null);
                  return "";
                }))
        .isEqualTo("the value of key 'k' is null; use delete");
  }

  @Test
  void connectionsAreReadPageByPage() {
    for (int i = 0; i < 600; i++) {
      node.connect("c" + i);
    }
    node.hibernate();
    assertThat(outcome((self, from) -> self.all().stream().count())).isEqualTo("601");
    assertThat(outcome((self, from) -> self.all().except(from).count())).isEqualTo("601");
  }

  @Test
  void writesOnTheirWayAreSeenAmongManyPagesOfRows() {
    assertThat(
            outcome(
                (self, from) -> {
                  for (int i = 1_000; i < 2_000; i++) {
                    self.store().put("k" + i, i);
                  }
                  return "";
                }))
        .isEmpty();
    node.store.hold();
    assertThat(
            outcome(
                (self, from) -> {
                  for (int i = 1_100; i < 1_900; i++) {
                    self.store().delete("k" + i);
                  }
                  self.store().put("k1500x", 0);
                  return self.store().list("k", Integer.class).size();
                }))
        .isEqualTo("201");
    Doing.Deed list =
        (self, from) ->
            self.store().list(KeyRange.prefix("k").after("k1098").limit(3), Integer.class).stream()
                .map(e -> e.key())
                .toList();
    assertThat(outcome(list)).isEqualTo("[k1099, k1500x, k1900]");
    assertThat(
            outcome(
                (self, from) ->
                    self
                        .store()
                        .list(
                            KeyRange.prefix("k").before("k1901").reversed().limit(3), Integer.class)
                        .stream()
                        .map(e -> e.key())
                        .toList()))
        .isEqualTo("[k1900, k1500x, k1099]");
  }

  @Test
  void allConnectionsThatADeadProcessLeftAreClosed() {
    MemoryDisk disk = new MemoryDisk();
    TestHost dead = new TestHost(disk, new Script());
    for (int i = 0; i < 600; i++) {
      dead.connect("c" + i);
    }
    TestHost next = new TestHost(disk, new Script());
    CompletableFuture<Long> closed = next.host.closeLeftovers();
    next.steps.runAll();
    assertThat(closed).isCompletedWithValue(600L);
    assertThat(next.status().connections()).isZero();
  }

  @Test
  void anActorWithWaitingEventsIsNotIdle() {
    ConnectionId ada = node.connect("ada");
    node.offer(ada, "waits");
    node.time.advance(Duration.ofSeconds(11));
    node.host.tick();
    assertThat(node.status().keptAwakeBy()).contains("1 waiting event");
    node.steps.runAll();
    assertThat(node.host.activeActors()).isEqualTo(1);
  }
}
