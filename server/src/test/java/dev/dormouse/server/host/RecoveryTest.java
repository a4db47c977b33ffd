package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.server.protocol.ToGateway.Rejected;
import dev.dormouse.server.protocol.ToGateway.Responded;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.NoFileHandlesException;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Checks that an actor which is unavailable for a while costs time, but neither its connections nor
 * a hot loop.
 */
class RecoveryTest {
  private final Frail frail = new Frail();
  private final TestHost node = new TestHost(frail);

  private ConnectionId asleep(String name) {
    ConnectionId id = node.connect(name);
    assertThat(node.hibernate()).isTrue();
    node.heard();
    frail.attempts = 0;
    return id;
  }

  private static ToGateway closed(ConnectionId id) {
    return new ToGateway.Close(id, 1011, "the actor failed");
  }

  private static ToGateway tryLater(ConnectionId id) {
    return new ToGateway.Close(id, 1013, "the server cannot read its store now");
  }

  private static HttpResponse unavailable(int seconds) {
    return HttpResponse.text(503, "the actor failed").with("Retry-After", "" + seconds);
  }

  @Test
  @DisplayName("S23 A failed activation is not remembered: what waits comes to a new object")
  void aFailedActivationIsNotRemembered() {
    ConnectionId ada = asleep("ada");
    frail.failures = 1;
    node.message(ada, "a");
    node.message(ada, "b");
    assertThat(node.heard()).isEmpty();
    assertThat(frail.attempts).isEqualTo(1);
    node.tickAfter(Duration.ofMillis(249));
    assertThat(frail.attempts).isEqualTo(1);
    node.tickAfter(Duration.ofMillis(1));
    assertThat(node.texts()).containsExactly("1:a of 1", "1:b of 1");
    assertThat(frail.attempts).isEqualTo(2);
  }

  @Test
  void anEventIsGivenUpAfterSixFailuresAndTheOnesBehindItHaveTheirChance() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    assertThat(node.hibernate()).isTrue();
    node.heard();
    frail.attempts = 0;
    frail.failures = 6;
    List<Long> attemptsAtMs = new ArrayList<>();
    node.offer(ada, "a");
    node.message(bo, "b");
    attemptsAtMs.add(0L);
    long beganMs = node.time.wallMs();
    try (Logs logs = new Logs()) {
      while (node.said.isEmpty()) {
        int before = frail.attempts;
        node.tickAfter(Duration.ofMillis(50));
        if (frail.attempts > before) {
          attemptsAtMs.add(node.time.wallMs() - beganMs);
        }
      }
      assertThat(logs.lines())
          .hasSize(6)
          .last()
          .asString()
          .contains("the message of connection " + ada + " of actor room/one is given up");
    }
    assertThat(attemptsAtMs).containsExactly(0L, 250L, 750L, 1_750L, 3_750L, 7_750L);
    assertThat(node.heard()).containsExactly(new Handled(ada, 1), closed(ada));
    assertThat(node.host.eventsGivenUp()).isEqualTo(1);
    node.pass(Duration.ofSeconds(8));
    assertThat(node.texts()).containsExactly("2:b of 2");
  }

  @Test
  @DisplayName("A3: a message whose actor met no file handles at each attempt closes with 1013")
  void aMessageOfAnActorWithoutFileHandlesClosesWith1013() {
    ConnectionId ada = asleep("ada");
    IOException cause = new IOException("Too many open files");
    node.store.failActorReads(new NoFileHandlesException("an actor", cause));
    node.message(ada, "a");
    node.pass(Duration.ofSeconds(8));
    assertThat(node.heard()).containsExactly(new Handled(ada, 1), tryLater(ada));
  }

  @Test
  @DisplayName("A3: a message whose handler met no file handles at each attempt closes with 1013")
  void aMessageWhoseHandlerHasNoFileHandlesClosesWith1013() {
    TestHost room = new TestHost(new Reading());
    ConnectionId ada = room.connect("ada");
    room.heard();
    room.store.failReadsForWantOfHandles(key -> key.equals("poison"));
    room.message(ada, "poison");
    room.pass(Duration.ofSeconds(8));
    assertThat(room.heard()).containsExactly(new Handled(ada, 1), tryLater(ada));
  }

  @Test
  void anActorThatCanNeverBeActivatedNeitherSpinsNorFloodsTheLogNorKeepsItsClientsWaiting() {
    ConnectionId bo = node.connect("bo");
    ConnectionId ada = asleep("ada");
    frail.failForEver();
    int upgrades = 0;
    try (Logs logs = new Logs()) {
      node.message(ada, "a");
      for (int seconds = 0; seconds < 600; seconds++) {
        for (int i = 0; i < 20; i++) {
          node.offerUpgrade("n");
          upgrades++;
          node.tickAfter(Duration.ofMillis(50));
        }
      }
      // There are 6 attempts in the first 8 s, then one after 8 s, and one every 10 s from then on.
      assertThat(frail.attempts).isBetween(60, 70);
      assertThat(logs.lines()).hasSizeLessThan(2 * frail.attempts);
      assertThat(logs.stackTraces()).isEqualTo(1);
    }
    List<ToGateway> heard = node.heard();
    assertThat(heard).contains(new Handled(ada, 1), closed(ada));
    assertThat(heard.stream().filter(Rejected.class::isInstance)).hasSize(upgrades);
    node.message(bo, "late");
    node.pass(Duration.ofSeconds(10));
    assertThat(node.heard()).containsExactly(new Handled(bo, 1), closed(bo));
  }

  @Test
  void whatWaitsForAnActorThatHasFailedTooOftenIsGivenUpTogether() {
    ConnectionId ada = asleep("ada");
    List<ConnectionId> others = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      others.add(node.connect("n" + i));
    }
    node.hibernate();
    node.heard();
    frail.failForEver();
    node.message(ada, "first");
    others.forEach(other -> node.offer(other, "next"));
    others.forEach(other -> node.offer(other, "and another"));
    node.pass(Duration.ofMillis(7_750));
    assertThat(node.heard()).containsExactly(new Handled(ada, 1), closed(ada));
    node.pass(Duration.ofMillis(7_750));
    assertThat(node.heard()).isEmpty();
    node.pass(Duration.ofMillis(250));
    List<ToGateway> all = new ArrayList<>();
    others.forEach(other -> all.addAll(List.of(new Handled(other, 1), closed(other))));
    others.forEach(other -> all.add(new Handled(other, 2)));
    assertThat(node.heard()).containsExactlyElementsOf(all);
    assertThat(node.host.eventsGivenUp()).isEqualTo(6);
  }

  @Test
  void upgradesAndRequestsWaitForAPassingTroubleButNotForLong() {
    ConnectionId ada = asleep("ada");
    frail.failures = 3;
    node.message(ada, "a");
    ConnectionId bo = node.offerUpgrade("bo");
    node.request();
    assertThat(node.heard()).isEmpty();
    node.pass(Duration.ofMillis(1_750));
    assertThat(node.heard())
        .contains(new ToGateway.Accepted(bo, List.of(), List.of()))
        .contains(new Responded(1, HttpResponse.text(200, "fine")));
    node.hibernate();
    node.heard();
    frail.failForEver();
    node.message(ada, "b");
    ConnectionId cy = node.offerUpgrade("cy");
    node.request();
    node.pass(Duration.ofMillis(3_500));
    assertThat(node.heard()).isEmpty();
    node.pass(Duration.ofMillis(250));
    assertThat(node.heard())
        .containsExactly(new Rejected(cy, unavailable(5)), new Responded(2, unavailable(5)));
    // While the actor rests, requests are answered at once, and no request causes an attempt.
    frail.attempts = 0;
    ConnectionId dee = node.offerUpgrade("dee");
    node.request();
    assertThat(node.heard())
        .containsExactly(new Rejected(dee, unavailable(5)), new Responded(3, unavailable(5)));
    assertThat(frail.attempts).isZero();
  }

  @Test
  void anEventDoesNotInheritTheFailuresOfTheUpgradeBeforeIt() {
    ConnectionId ada = asleep("ada");
    frail.failForEver();
    node.connect("bo");
    node.pass(Duration.ofMillis(3_750));
    assertThat(node.heard()).hasSize(1);
    node.message(ada, "a");
    node.pass(Duration.ofSeconds(4));
    assertThat(frail.attempts).isEqualTo(6);
    assertThat(node.heard()).isEmpty();
    node.pass(Duration.ofSeconds(8));
    assertThat(node.heard()).containsExactly(new Handled(ada, 1), closed(ada));
  }

  @Test
  void anUpgradeThatComesAfterTheRestIsTriedFor() {
    asleep("ada");
    frail.failForEver();
    node.connect("bo");
    node.pass(Duration.ofMillis(3_750));
    assertThat(node.heard()).hasSize(1);
    int before = frail.attempts;
    node.pass(Duration.ofSeconds(9));
    assertThat(frail.attempts).isEqualTo(before);
    frail.failures = 0;
    ConnectionId cy = node.connect("cy");
    assertThat(node.heard()).containsExactly(new ToGateway.Accepted(cy, List.of(), List.of()));
  }

  @Test
  void anActorWhoseRowCannotBeReadIsTriedAgain() {
    ConnectionId ada = asleep("ada");
    node.store.failActorReads(new UncheckedIOException(new IOException("bad sector")));
    node.message(ada, "a");
    node.pass(Duration.ofSeconds(1));
    assertThat(node.heard()).isEmpty();
    assertThat(node.store.failedActorReads()).isEqualTo(3);
    node.store.failActorReads(null);
    node.pass(Duration.ofSeconds(1));
    assertThat(node.texts()).containsExactly("1:a of 1");
  }

  @Test
  void theMailboxStaysBoundedAndItsCreditFlowsWhileAnActorRests() {
    TestHost small = new TestHost(frail, HostOptions.defaults().withMailboxMax(4));
    ConnectionId ada = small.connect("ada");
    small.hibernate();
    small.heard();
    frail.failures = 7;
    for (int i = 1; i <= 5; i++) {
      small.offer(ada, "m" + i);
    }
    ConnectionId bo = small.offerUpgrade("bo");
    small.steps.runAll();
    assertThat(small.heard())
        .containsExactly(
            new Rejected(bo, HttpResponse.text(503, "the actor is busy").with("Retry-After", "1")));
    small.pass(Duration.ofMillis(7_750));
    assertThat(small.heard())
        .containsExactly(
            new Handled(ada, 1),
            closed(ada),
            new ToGateway.Withheld(ada, 5),
            new ToGateway.Resumed(ada, 5),
            new Handled(ada, 2),
            new Handled(ada, 3),
            new Handled(ada, 4));
    small.host.accept(new ToHost.Message(TestHost.ROOM, ada, 5, Payload.text("m5")));
    small.steps.runAll();
    assertThat(small.heard()).containsExactly(new Handled(ada, 5));
    small.close(ada, 1011);
    small.pass(Duration.ofSeconds(20));
    assertThat(small.hibernate()).isTrue();
    assertThat(small.host.activeActors()).isZero();
  }

  @Test
  void hibernateDuringARestWaitsForTheEventsThatWait() {
    ConnectionId ada = asleep("ada");
    frail.failures = 2;
    node.message(ada, "a");
    CompletableFuture<Boolean> dropped = node.host.hibernate(TestHost.ROOM);
    node.steps.runAll();
    assertThat(dropped).isNotDone();
    assertThat(node.status().keptAwakeBy())
        .containsExactly("1 failed wake in a row; next attempt in 0.3 s");
    node.pass(Duration.ofSeconds(1));
    assertThat(node.texts()).containsExactly("1:a of 1");
    assertThat(dropped).isCompletedWithValue(true);
    assertThat(node.host.activeActors()).isZero();
  }

  @Test
  void anActorThatFailedAndForWhichNothingWaitsLeavesMemory() {
    asleep("ada");
    frail.failForEver();
    node.request();
    node.pass(Duration.ofSeconds(4));
    assertThat(node.heard()).hasSize(1);
    int attempts = frail.attempts;
    node.pass(Duration.ofSeconds(12));
    assertThat(node.host.activeActors()).isZero();
    assertThat(frail.attempts).isEqualTo(attempts);
  }

  @Test
  void stoppingDuringARestWaitsForNothing() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.hibernate();
    node.heard();
    frail.failForEver();
    node.message(ada, "a");
    node.close(bo, 1001);
    frail.attempts = 0;
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isCompleted();
    assertThat(frail.attempts).isEqualTo(1);
    assertThat(node.heard()).containsExactly(new Handled(ada, 1), closed(ada));
    assertThat(node.host.owedCloses()).isEqualTo(1);
  }

  /** Reads the key that a message names, and answers with what it found. */
  private static final class Reading extends Script {
    private final List<String> handled = new ArrayList<>();

    @Override
    void onUpgrade(Actor self, Upgrade<Object> upgrade) {
      self.store().get(upgrade.head().query("name").orElse("none"), String.class);
      upgrade.accept();
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      if (text.startsWith("careless")) {
        try {
          self.store().get("poison", String.class);
        } catch (RuntimeException e) {
          self.store().put("careless", text);
        }
      } else {
        from.send(text + " " + self.store().get(text, String.class).orElse("none"));
      }
      handled.add(text);
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(200, self.store().get("poison", String.class).orElse("none"));
    }
  }

  @Test
  void aPoisonousMessageAmongAThousandOfOthersCostsTimeAndItsOwnConnection() {
    Reading reading = new Reading();
    TestHost room = new TestHost(reading);
    List<ConnectionId> senders = new ArrayList<>();
    for (int i = 0; i <= 1_000; i++) {
      senders.add(room.connect("n" + i));
    }
    room.heard();
    room.store.failReads(key -> key.startsWith("poison"));
    for (int i = 0; i <= 1_000; i++) {
      room.offer(senders.get(i), i == 500 ? "poison" : "m" + i);
    }
    try (Logs logs = new Logs()) {
      room.steps.runAll();
      assertThat(reading.handled).hasSize(500);
      room.pass(Duration.ofSeconds(8));
      assertThat(logs.lines())
          .hasSize(7)
          .last()
          .asString()
          .contains(
              "the message of connection " + senders.get(500) + " of actor room/one", "sector");
    }
    assertThat(reading.handled).hasSize(1_000).doesNotHaveDuplicates();
    List<ToGateway> heard = room.heard();
    assertThat(heard)
        .filteredOn(ToGateway.Close.class::isInstance)
        .containsExactly(closed(senders.get(500)));
    assertThat(heard).filteredOn(Handled.class::isInstance).hasSize(1_001);
    assertThat(room.status().connections()).isEqualTo(1_001);
  }

  @Test
  void eachOfTwoPoisonousMessagesIsGivenUpByItself() {
    Reading reading = new Reading();
    TestHost room = new TestHost(reading);
    ConnectionId ada = room.connect("ada");
    ConnectionId bo = room.connect("bo");
    ConnectionId cy = room.connect("cy");
    room.heard();
    room.store.failReads(key -> key.startsWith("poison"));
    room.offer(ada, "poison 1");
    room.offer(ada, "after it");
    room.offer(bo, "poison 2");
    room.message(cy, "well");
    room.pass(Duration.ofMillis(7_750));
    assertThat(room.heard()).containsExactly(new Handled(ada, 1), closed(ada), new Handled(ada, 2));
    room.pass(Duration.ofMillis(7_750));
    assertThat(room.heard())
        .containsExactly(
            new Handled(bo, 1),
            closed(bo),
            new ToGateway.Send(cy, Payload.text("well none")),
            new Handled(cy, 1));
    assertThat(reading.handled).containsExactly("well");
  }

  @Test
  void aTurnThatCouldNotReadIsHandledOnceTheStoreCanBeRead() {
    Reading reading = new Reading();
    TestHost room = new TestHost(reading);
    ConnectionId ada = room.connect("ada");
    room.heard();
    room.store.failReads(key -> key.equals("poison"));
    room.offer(ada, "poison");
    room.message(ada, "next");
    room.pass(Duration.ofSeconds(1));
    assertThat(room.heard()).isEmpty();
    room.store.failReads(key -> false);
    room.pass(Duration.ofSeconds(1));
    assertThat(room.texts()).containsExactly("1:poison none", "1:next none");
  }

  @DisplayName("A14: a message that is handled again is as it was received")
  @Test
  void aHandlerCannotChangeAMessageForTheNextAttempt() {
    List<String> seen = new ArrayList<>();
    TestHost room =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, ByteBuffer bytes) {
                seen.add(StandardCharsets.UTF_8.decode(bytes.duplicate()).toString());
                try {
                  bytes.put(0, (byte) '?');
                } catch (ReadOnlyBufferException e) {
                  seen.add("read-only");
                }
                bytes.position(bytes.limit());
                self.store().get("poison", String.class);
              }
            });
    ConnectionId ada = room.connect("ada");
    room.store.failReads(key -> key.equals("poison"));
    Payload payload = Payload.binary(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)));
    room.host.accept(new ToHost.Message(TestHost.ROOM, ada, 1, payload));
    room.steps.runAll();
    room.store.failReads(key -> false);
    room.pass(Duration.ofSeconds(1));
    assertThat(seen).containsExactly("hello", "read-only", "hello", "read-only");
  }

  @Test
  void aHandlerThatHidesThatItCouldNotReadDoesNotGetItsWay() {
    Reading reading = new Reading();
    TestHost room = new TestHost(reading);
    ConnectionId ada = room.connect("ada");
    room.heard();
    room.store.failReads(key -> key.equals("poison"));
    room.message(ada, "careless");
    assertThat(reading.handled).containsExactly("careless");
    assertThat(room.heard()).isEmpty();
    room.store.failReads(key -> false);
    room.pass(Duration.ofMillis(250));
    assertThat(reading.handled).containsExactly("careless", "careless");
    assertThat(room.heard()).containsExactly(new Handled(ada, 1));
    assertThat(room.store.kept())
        .noneMatch(batch -> batch.writes().stream().anyMatch(w -> w.table() == Table.VALUE));
  }

  @Test
  void anUpgradeOrRequestWhoseTurnCannotReadIsAnswered503AfterAWhile() {
    Reading reading = new Reading();
    TestHost room = new TestHost(reading);
    room.store.failReads(key -> key.equals("poison"));
    ConnectionId ada = room.connect("poison");
    room.pass(Duration.ofMillis(3_500));
    assertThat(room.heard()).isEmpty();
    room.pass(Duration.ofMillis(250));
    assertThat(room.heard()).containsExactly(new Rejected(ada, unavailable(1)));
    room.request();
    room.pass(Duration.ofMillis(3_750));
    assertThat(room.heard()).containsExactly(new Responded(1, unavailable(1)));
  }
}
