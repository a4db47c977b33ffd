package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Checks that a close which cannot take effect yet is not lost, and that its connection is not
 * listed either.
 */
class OwedClosesTest {
  private static final CommitResult UNKNOWN =
      new CommitResult.Unknown(new IOException("disk trouble"));

  /** Writes each ended connection into storage, so that only committed closes can be seen. */
  private static class Book extends Frail {
    @Override
    void onUpgrade(Actor self, Upgrade<Object> upgrade) {
      upgrade.accept(new Note(upgrade.head().query("name").orElse("guest"), 0), "new");
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      if (text.equals("count")) {
        from.attach(((Note) from.attachment()).counted());
        from.tag("counted");
      }
      from.send(self.all().count() + " " + self.all().tagged("new").count());
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      super.onClose(self, gone, reason);
      String line =
          reason.code() + " " + reason.cause() + " " + gone.attachment() + " " + gone.tags() + ";";
      self.store().put("book", self.store().get("book", String.class).orElse("") + line);
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(200, self.store().get("book", String.class).orElse("nothing"));
    }
  }

  private final MemoryDisk disk = new MemoryDisk();
  private final Book book = new Book();
  private final TestHost node = new TestHost(disk, book);

  @Test
  void aCloseWaitsForAnActivationThatSucceeds() {
    ConnectionId ada = node.connect("ada");
    node.hibernate();
    book.failures = 3;
    node.close(ada, 1000);
    assertThat(node.status().connections()).isEqualTo(1);
    node.pass(Duration.ofMillis(1_500));
    assertThat(book.closes).isEmpty();
    node.pass(Duration.ofMillis(250));
    assertThat(book.closes).containsExactly("1.1 1000 CLIENT");
    assertThat(node.status().connections()).isZero();
  }

  @Test
  void aSecondCloseIsNotHandledWhileNobodyCanTellThatItIsTheSecond() {
    ConnectionId ada = node.connect("ada");
    node.connect("bo");
    node.close(ada, 1000);
    node.store.failConnectionReads(true);
    node.close(ada, 1006);
    node.store.failConnectionReads(false);
    node.pass(Duration.ofSeconds(1));
    assertThat(book.closes).containsExactly("1.1 1000 CLIENT");
    assertThat(node.status().connections()).isEqualTo(1);
    assertThat(node.host.owedCloses()).isZero();
  }

  @Test
  void oneWhoseActorCannotBeActivatedIsPutOffCountsForNothingAndTakesEffectOnce() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.message(ada, "count");
    node.hibernate();
    book.failForEver();
    node.close(ada, 1000);
    node.pass(Duration.ofSeconds(8));
    assertThat(node.host.owedCloses()).isEqualTo(1);
    assertThat(node.status().connections()).isEqualTo(1);
    assertThat(node.status().keptAwakeBy()).contains("1 close that could not take effect yet");
    node.close(bo, 1001);
    node.pass(Duration.ofSeconds(20));
    assertThat(node.host.owedCloses()).isEqualTo(2);
    assertThat(node.status().connections()).isZero();
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.INACTIVE);
    // The attempts become rarer, since nothing but the closes waits, but they never end.
    book.attempts = 0;
    node.pass(Duration.ofHours(1));
    assertThat(book.attempts).isBetween(12, 20);
    assertThat(book.closes).isEmpty();
    book.failures = 0;
    node.pass(Duration.ofMinutes(5));
    assertThat(book.closes).containsExactly("1.1 1000 CLIENT", "1.2 1001 CLIENT");
    assertThat(node.host.owedCloses()).isZero();
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
    assertThat(node.ask())
        .isEqualTo(
            "1000 CLIENT "
                + new Note("ada", 1)
                + " [new, counted];1001 CLIENT "
                + new Note("bo", 0)
                + " [new];");
  }

  @Test
  void theFirstEventThatFindsTheActorWellComesAfterTheClosesThatWereOwed() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.hibernate();
    book.failForEver();
    node.close(ada, 1000);
    node.pass(Duration.ofMinutes(20));
    node.heard();
    book.failures = 0;
    node.message(bo, "who is there?");
    node.pass(Duration.ofSeconds(10));
    assertThat(node.texts()).containsExactly("2:1 1");
    assertThat(book.closes).containsExactly("1.1 1000 CLIENT");
  }

  @Test
  void oneWhoseActorBecomesUnreadableMeanwhileIsTriedSeldomAndNotLost() {
    ConnectionId ada = node.connect("ada");
    node.hibernate();
    book.failForEver();
    node.close(ada, 1000);
    node.pass(Duration.ofSeconds(8));
    book.failures = 0;
    node.store.failActorReads(new CorruptRowException("rubbish", null));
    node.pass(Duration.ofHours(1));
    assertThat(node.store.failedActorReads()).isBetween(12, 24);
    assertThat(node.host.owedCloses()).isEqualTo(1);
    node.store.failActorReads(null);
    node.pass(Duration.ofMinutes(5));
    assertThat(book.closes).containsExactly("1.1 1000 CLIENT");
    assertThat(node.host.owedCloses()).isZero();
  }

  @Test
  void oneWhoseHandlerThrowsThoughTheStoreCannotEvenBeReadIsNotForgottenHalfway() {
    List<Integer> tries = new ArrayList<>();
    TestHost failing =
        new TestHost(
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                tries.add(reason.code());
                self.store().put("trace", true);
                throw new IllegalStateException("as asked");
              }
            });
    ConnectionId ada = failing.connect("ada");
    failing.store.failActorReads(new UncheckedIOException(new IOException("bad sector")));
    failing.close(ada, 1000);
    failing.pass(Duration.ofSeconds(1));
    assertThat(tries).containsExactly(1000);
    failing.store.failActorReads(null);
    failing.pass(Duration.ofSeconds(1));
    assertThat(tries).containsExactly(1000, 1000);
    assertThat(failing.status().connections()).isZero();
    assertThat(failing.store.kept())
        .noneMatch(batch -> batch.writes().stream().anyMatch(w -> w.table() == Table.VALUE));
  }

  @Test
  void oneThatIsOwedOutlivesTheLossOfACommitAndSleep() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.store.failReads(key -> key.equals("book"));
    node.close(ada, 1000);
    node.pass(Duration.ofMillis(7_750));
    assertThat(node.host.owedCloses()).isEqualTo(1);
    node.message(bo, "still here?");
    node.store.hold();
    node.hibernate();
    node.store.lose(UNKNOWN);
    node.store.letAllThrough();
    node.steps.runAll();
    node.hibernate();
    assertThat(node.host.owedCloses()).isEqualTo(1);
    node.store.failReads(key -> false);
    node.pass(Duration.ofMinutes(5));
    assertThat(book.closes).last().isEqualTo("1.1 1000 CLIENT");
    assertThat(node.host.owedCloses()).isZero();
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  void oneThatIsOwedWhenTheProcessEndsIsFoundByTheNext() {
    ConnectionId ada = node.connect("ada");
    node.hibernate();
    book.failForEver();
    node.close(ada, 1000);
    node.pass(Duration.ofSeconds(8));
    assertThat(node.host.owedCloses()).isEqualTo(1);
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isCompleted();
    node.store.close();

    Book later = new Book();
    TestHost next = new TestHost(disk, later);
    CompletableFuture<Long> closed = next.host.closeLeftovers();
    next.steps.runAll();
    assertThat(closed).isCompletedWithValue(1L);
    assertThat(later.closes).containsExactly("1.1 1006 SHUTDOWN_UNFINISHED");
    assertThat(next.status().connections()).isZero();
  }

  @Test
  void leftoversOfAnActorThatCannotBeActivatedDoNotHoldUpTheOthersAndAreNotLost() {
    for (int i = 0; i < 3; i++) {
      node.connect("n" + i);
    }
    Book broken = new Book();
    broken.failForEver();
    TestHost next = new TestHost(disk, broken);
    CompletableFuture<Long> closed = next.host.closeLeftovers();
    next.steps.runAll();
    next.pass(Duration.ofMinutes(1));
    assertThat(closed).isCompletedWithValue(3L);
    assertThat(next.host.owedCloses()).isEqualTo(3);
    assertThat(next.status().connections()).isZero();
    broken.failures = 0;
    next.pass(Duration.ofMinutes(5));
    assertThat(broken.closes)
        .containsExactly("1.1 1006 PROCESS_DIED", "1.2 1006 PROCESS_DIED", "1.3 1006 PROCESS_DIED");
    assertThat(next.host.owedCloses()).isZero();
  }

  @Test
  @DisplayName("S31 A close whose commit is lost is repeated if it was not kept")
  void aCloseWhoseCommitIsLostIsRepeatedIfItWasNotKept() {
    ConnectionId ada = node.connect("ada");
    node.store.hold();
    node.close(ada, 1000);
    node.store.lose(UNKNOWN);
    node.steps.runAll();
    assertThat(node.host.owedCloses()).isEqualTo(1);
    node.store.letAllThrough();
    node.pass(Duration.ofMillis(250));
    assertThat(node.host.owedCloses()).isZero();
    assertThat(node.ask()).isEqualTo("1000 CLIENT " + new Note("ada", 0) + " [new];");
  }

  @Test
  @DisplayName("S31 A close whose commit is lost is not repeated if it was kept all the same")
  void keptAllTheSame() {
    ConnectionId ada = node.connect("ada");
    node.store.hold();
    node.close(ada, 1000);
    node.store.keepButLose(UNKNOWN);
    node.store.letAllThrough();
    node.pass(Duration.ofSeconds(1));
    assertThat(node.host.owedCloses()).isZero();
    assertThat(book.closes).hasSize(1);
    assertThat(node.ask()).isEqualTo("1000 CLIENT " + new Note("ada", 0) + " [new];");
    assertThat(node.status().connections()).isZero();
  }

  @Test
  void aCloseThatRanOnWhatWasLostIsRepeatedToo() {
    ConnectionId ada = node.connect("ada");
    node.store.hold();
    node.message(ada, "count");
    node.close(ada, 1000);
    node.store.lose(UNKNOWN);
    node.store.lose(UNKNOWN);
    node.store.letAllThrough();
    node.steps.runAll();
    node.pass(Duration.ofMillis(250));
    assertThat(node.ask()).isEqualTo("1000 CLIENT " + new Note("ada", 0) + " [new];");
  }

  @Test
  void aConnectionOfWhichTheClientWasToldThatItIsNoneIsClosedIfItWasKept() {
    node.store.hold();
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.store.keepButLose(UNKNOWN);
    node.store.lose(UNKNOWN);
    node.steps.runAll();
    assertThat(node.heard())
        .filteredOn(ToGateway.Rejected.class::isInstance)
        .extracting(said -> ((ToGateway.Rejected) said).connection())
        .containsExactly(ada, bo);
    node.store.letAllThrough();
    node.pass(Duration.ofMillis(250));
    assertThat(book.closes).containsExactly("1.1 1006 CONNECTION_LOST");
    assertThat(node.status().connections()).isZero();
  }

  @Test
  void oneThatCannotReadTheStoreIsPutOffAndLeavesTheOthersTheirTurn() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.heard();
    node.store.failReads(key -> key.equals("book"));
    node.close(ada, 1000);
    node.message(bo, "waits");
    node.pass(Duration.ofMillis(7_750));
    assertThat(node.texts()).containsExactly("2:2 2");
    assertThat(node.host.owedCloses()).isEqualTo(1);
    node.store.failReads(key -> false);
    node.pass(Duration.ofSeconds(1));
    assertThat(node.ask()).isEqualTo("1000 CLIENT " + new Note("ada", 0) + " [new];");
    assertThat(node.host.owedCloses()).isZero();
  }
}
