package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Checks that {@code onClose} takes effect once and states the cause, however a connection dies.
 */
class DeathsTest {

  /** Writes each death into storage, with all that was known of the connection. */
  private static final class Register extends Script {
    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      from.attach(((Note) from.attachment()).counted());
      from.tag(text);
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      String entry = gone.attachment() + " " + gone.tags() + " " + reason.code() + " ";
      self.store().put("dead/" + gone.id(), entry + reason.cause());
      self.store().put("deaths", self.store().get("deaths", Long.class).orElse(0L) + 1);
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(
          200,
          self.store().list("dead/", String.class)
              + " "
              + self.store().get("deaths", Long.class).orElse(0L)
              + " "
              + self.all().count());
    }
  }

  private final MemoryDisk disk = new MemoryDisk();

  private TestHost start() {
    TestHost node = new TestHost(disk, new Register());
    CompletableFuture<Long> closed = node.host.closeLeftovers();
    node.steps.runAll();
    assertThat(closed).isCompleted();
    return node;
  }

  @Test
  @DisplayName("S31 S32 A process that died is told as such, with the last attachment and tags")
  void aProcessThatDiedIsToldAsSuchWithTheLastAttachmentAndTags() {
    TestHost dead = start();
    ConnectionId ada = dead.connect("ada");
    dead.message(ada, "x");
    dead.hibernate();
    assertThat(start().ask())
        .isEqualTo(
            "[Entry[key=dead/1.1, value=" + new Note("ada", 1) + " [x] 1006 PROCESS_DIED]] 1 0");
    assertThat(start().ask())
        .isEqualTo(
            "[Entry[key=dead/1.1, value=" + new Note("ada", 1) + " [x] 1006 PROCESS_DIED]] 1 0");
  }

  @Test
  @DisplayName("A13: any number of leftovers of a type that is gone is passed over")
  void leftoversOfManyPagesDoNotFillTheStack() throws Exception {
    TestHost dead = start();
    byte[] row = new ConnectionRow(0, List.of(), null).encode();
    for (int actor = 0; actor < 300; actor++) {
      List<TurnBatch.Write> rows = new ArrayList<>();
      for (long connection = 1; connection <= 1_000; connection++) {
        byte[] key = RowKey.connection(ConnectionId.of(1, connection)).bytes();
        rows.add(new TurnBatch.Write(Table.CONNECTION, key, row));
      }
      ActorId gone = new ActorId("gone", "k" + actor);
      dead.store.commit(new TurnBatch(gone, dead.store.epochOf(gone), rows));
    }
    TestHost node = new TestHost(disk, new Register());
    AtomicReference<Object> closed = new AtomicReference<>();
    Thread starter =
        new Thread(
            null,
            () -> {
              try {
                closed.set(node.host.closeLeftovers().getNow(-1L));
              } catch (Throwable e) {
                closed.set(e);
              }
            },
            "small stack",
            64 << 10);
    starter.start();
    starter.join();
    assertThat(closed).hasValue(0L);
  }

  @Test
  @DisplayName("N4: a close that cannot be delivered for want of the right classes stays owed")
  void aCloseThatMeetsWhatCannotBeReadIsDeliveredByTheRightJar() {
    TestHost dead = start();
    dead.connect("ada");
    dead.hibernate();
    TestHost wrong = new TestHost(disk, new Register(), List.of(Script.Tally.class));
    CompletableFuture<Long> closed = wrong.host.closeLeftovers();
    wrong.steps.runAll();
    wrong.pass(Duration.ofMinutes(1));
    assertThat(closed).isCompletedWithValue(1L); // the start does not wait for the close
    assertThat(wrong.ask()).isEqualTo("[] 0 1");
    String delivered =
        "[Entry[key=dead/1.1, value=" + new Note("ada", 0) + " [] 1006 PROCESS_DIED]] 1 0";
    assertThat(start().ask()).isEqualTo(delivered);
    assertThat(start().ask()).isEqualTo(delivered);
  }

  @Test
  void aMachineThatRestartedIsToldAsSuchAndTheDeathsBeforeItAsTheyWere() {
    TestHost first = start();
    first.connect("ada");
    // A second run does not reach the first one's leftovers before the machine goes.
    TestHost second = new TestHost(disk, new Register());
    second.connect("bo");
    disk.restartMachine();
    assertThat(start().ask())
        .isEqualTo(
            "[Entry[key=dead/1.1, value="
                + new Note("ada", 0)
                + " [] 1006 PROCESS_DIED], Entry[key=dead/2.1, value="
                + new Note("bo", 0)
                + " [] 1006 MACHINE_RESTARTED]] 2 0");
  }

  @Test
  void aStopThatDidNotFinishIsToldAsSuch() {
    TestHost stopped = start();
    stopped.connect("ada");
    stopped.store.close();
    disk.restartMachine();
    assertThat(start().ask())
        .isEqualTo(
            "[Entry[key=dead/1.1, value="
                + new Note("ada", 0)
                + " [] 1006 SHUTDOWN_UNFINISHED]] 1 0");
  }

  /**
   * Cuts one story short after each of its commits, and the next process's recovery after each of
   * its own: each connection that was accepted is closed once.
   */
  @Test
  @DisplayName("S31 Whenever the process is killed, every connection that is stored is closed once")
  void killedAtAnyPoint() {
    int accepted = 3;
    int storyCommits = commitsOf(new MemoryDisk());
    assertThat(storyCommits).isGreaterThan(6);
    for (int kept = 0; kept <= storyCommits; kept++) {
      for (int keptByNext = 0; keptByNext <= accepted; keptByNext++) {
        MemoryDisk cut = new MemoryDisk();
        TestHost first = new TestHost(cut, new Register());
        first.store.hold();
        tell(first);
        letThrough(first, kept);

        TestHost second = new TestHost(cut, new Register());
        second.store.hold();
        CompletableFuture<Long> interrupted = second.host.closeLeftovers();
        second.steps.runAll();
        letThrough(second, keptByNext);

        TestHost third = new TestHost(cut, new Register());
        CompletableFuture<Long> closed = third.host.closeLeftovers();
        third.steps.runAll();
        assertThat(closed).isCompleted();
        assertThat(interrupted).isDone();
        assertThat(third.ask())
            .as("%d commits, then %d", kept, keptByNext)
            .endsWith("] " + Math.min(kept, accepted) + " 0");
      }
    }
  }

  private static void letThrough(TestHost node, int commits) {
    for (int i = 0; i < commits && node.store.waiting() > 0; i++) {
      node.store.letThrough();
    }
  }

  private static int commitsOf(MemoryDisk disk) {
    TestHost node = new TestHost(disk, new Register());
    node.store.hold();
    tell(node);
    return node.store.waiting();
  }

  /** Connects three clients; then they speak, and two of them go, each in its own way. */
  private static void tell(TestHost node) {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    ConnectionId cy = node.connect("cy");
    node.message(bo, "x");
    node.close(ada, 1000);
    node.message(cy, "y");
    node.hibernate();
    node.message(bo, "z");
    node.close(bo, 1006);
    node.message(cy, "z");
  }
}
