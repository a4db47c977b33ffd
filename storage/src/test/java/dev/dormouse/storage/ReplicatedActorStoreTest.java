package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.ReplicatedLog.Entry;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the store of a node of a cluster over a log that has only this node. */
class ReplicatedActorStoreTest extends ActorStoreContract {
  private static final int GROUPS = 8;
  private static final int SHARDS = 64;

  @TempDir Path folder;
  private final ModelLog.Kept kept = new ModelLog.Kept(GROUPS);
  private final AtomicReference<ModelLog> log = new AtomicReference<>();

  @Override
  protected NodeStore open() {
    return open("data", kept, 0, 1);
  }

  private NodeStore open(String name, ModelLog.Kept log, int slot, int slots) {
    return Stores.replicated(
        StoreOptions.in(folder.resolve(name)).shards(SHARDS).blockCacheBytes(1 << 20),
        new Replication(
            name,
            GROUPS,
            slot,
            slots,
            machine -> {
              this.log.set(new ModelLog(log, machine));
              return this.log.get();
            }));
  }

  private static Entry entryOf(long epoch, String key, String value) {
    TurnBatch batch =
        new TurnBatch(
            LOBBY, epoch, List.of(new TurnBatch.Write(Table.VALUE, bytes(key), bytes(value))));
    return new Entry(epoch, StoredWrite.of(batch, new RowKeys(SHARDS), RowSeal::seal), null);
  }

  @Test
  void aLostGroupIsFencedUntilItIsOwnedAgain() {
    put(LOBBY, "a", "1");
    int group = store.groupOf(LOBBY);
    long epoch = store.epoch(group);
    List<String> heard = new ArrayList<>();
    store.listen(
        new OwnershipListener() {
          @Override
          public void onOwned(int owned, long in) {
            if (owned == group) {
              heard.add("owned in " + (in - epoch));
            }
          }

          @Override
          public void onLost(int lost, String why) {
            heard.add("lost " + (lost - group) + ": " + why);
          }
        });
    log.get().lose(group);

    assertThat(store.epoch(group)).isZero();
    TurnBatch batch =
        new TurnBatch(
            LOBBY, epoch, List.of(new TurnBatch.Write(Table.VALUE, bytes("a"), bytes("2"))));
    assertThat(join(store.commit(batch))).isInstanceOf(CommitResult.Fenced.class);
    assertThat(join(store.confirm(group, epoch))).isInstanceOf(CommitResult.Fenced.class);
    assertThat(get(LOBBY, "a")).isEqualTo("1");

    log.get().own();
    assertThat(join(store.commit(batch))).isEqualTo(new CommitResult.Fenced(epoch + 1));
    put(LOBBY, "a", "3");
    assertThat(get(LOBBY, "a")).isEqualTo("3");
    assertThat(heard).containsExactly("owned in 0", "lost 0: as the test says", "owned in 1");
  }

  @Test
  void anEntryOfAnotherEpochThanTheLogsChangesNothing() {
    int group = store.groupOf(LOBBY);
    log.get().append(group, 5, entryOf(4, "a", "old"));
    assertThat(get(LOBBY, "a")).isNull();
    log.get().append(group, 5, entryOf(5, "a", "good"));
    assertThat(get(LOBBY, "a")).isEqualTo("good");
  }

  @Test
  void anEntryIsAppliedOnceHoweverOftenTheStoreIsOpened() {
    put(LOBBY, "a", "1");
    int group = store.groupOf(LOBBY);
    long applied = log.get().machine().applied(group);
    assertThat(applied).isPositive();
    store.close();
    store = open();

    assertThat(log.get().machine().applied(group)).isEqualTo(applied);
    assertThat(get(LOBBY, "a")).isEqualTo("1");
  }

  @Test
  void aGroupGoesToAnotherNodeAndNothingElseDoes() throws IOException {
    ActorId other = null;
    for (int i = 0; other == null; i++) {
      ActorId id = new ActorId("chat", "room" + i);
      other = store.groupOf(id) == store.groupOf(LOBBY) ? null : id;
    }
    put(LOBBY, "a", "1");
    put(LOBBY, "b", "2");
    put(other, "c", "3");
    int group = store.groupOf(LOBBY);
    ClockMark mark = new ClockMark(7, 8, store.run());
    log.get().append(group, 9, new Entry(9, List.of(), mark));
    long index = log.get().machine().applied(group);
    Path files = Files.createDirectory(folder.resolve("files"));
    try (ReplicatedLog.Saving saving = log.get().machine().save(group)) {
      put(LOBBY, "a", "later"); // and is in no file
      saving.write(files);
    }

    NodeStore second = open("second", new ModelLog.Kept(GROUPS), 1, 3);
    try {
      ReplicatedLog.Machine machine = log.get().machine();
      machine.apply(group, List.of(new ReplicatedLog.Committed(1, 1, entryOf(1, "old", "gone"))));
      machine.load(group, files, index);

      assertThat(second.scan(LOBBY, Table.VALUE, KeySpan.all(), 10))
          .extracting(row -> new String(row.value(), java.nio.charset.StandardCharsets.UTF_8))
          .containsExactly("1", "2");
      assertThat(second.get(other, Table.VALUE, bytes("c"))).isNull();
      assertThat(second.clockMark(group).mark()).isEqualTo(mark);
      assertThat(second.clockMark(group).isOwn()).isFalse();
      assertThat(machine.applied(group)).isEqualTo(index);

      byte[] bytes = Files.readAllBytes(files.resolve("rows"));
      bytes[bytes.length / 2] ^= 1;
      Files.write(files.resolve("rows"), bytes);
      assertThatExceptionOfType(UncheckedIOException.class)
          .isThrownBy(() -> machine.check(group, files))
          .withMessageContaining("cannot be read");
      assertThatExceptionOfType(UncheckedIOException.class)
          .isThrownBy(() -> machine.load(group, files, index + 1));
      assertThat(second.scan(LOBBY, Table.VALUE, KeySpan.all(), 10)).hasSize(2);
    } finally {
      second.close();
    }
  }

  @Test
  void aFolderIsRefusedByEveryNodeButItsOwn() {
    store.close();
    store = open();
    store.close();
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> Stores.open(StoreOptions.in(folder.resolve("data"))))
        .withMessageContaining("belongs to the node data of a cluster; start this server as");
    for (Replication other :
        List.of(
            new Replication("other", GROUPS, 0, 1, machine -> new ModelLog(kept, machine)),
            new Replication("data", GROUPS - 1, 0, 1, machine -> new ModelLog(kept, machine)),
            new Replication("data", GROUPS, 1, 2, machine -> new ModelLog(kept, machine)))) {
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> Stores.replicated(StoreOptions.in(folder.resolve("data")), other))
          .withMessageContaining("belongs to the node data of a cluster");
    }
    Stores.open(StoreOptions.in(folder.resolve("alone"))).close();
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> open("alone", kept, 0, 1))
        .withMessageContaining("belongs to a server that runs alone")
        .withMessageContaining("start the node alone with an empty data folder");
    store = open();
  }

  @Test
  void theFirstIdOfTheClusterIsKeptAndGoesWithTheRows() throws IOException {
    assertThat(log.get().machine().cluster()).isNull();
    log.get().append(0, 9, new Entry(9, List.of(), null, "one"));
    log.get().append(0, 9, new Entry(9, List.of(), null, "two"));
    assertThat(log.get().machine().cluster()).isEqualTo("one");
    store.close();
    store = open();
    ReplicatedLog.Machine machine = log.get().machine();
    assertThat(machine.cluster()).isEqualTo("one");
    Path files = Files.createDirectory(folder.resolve("files"));
    try (ReplicatedLog.Saving saving = machine.save(0)) {
      saving.write(files);
    }
    NodeStore second = open("second", new ModelLog.Kept(GROUPS), 0, 1);
    log.get().machine().load(0, files, 5);
    assertThat(log.get().machine().cluster()).isEqualTo("one");
    second.close();
    NodeStore third = open("third", new ModelLog.Kept(GROUPS), 0, 1);
    log.get().append(0, 9, new Entry(9, List.of(), null, "three"));
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> log.get().machine().load(0, files, 100))
        .withStackTraceContaining("it is of the cluster one, and this node belongs to three");
    third.close();
  }

  @Test
  void aTurnForWhichThereIsNoRoomIsRefusedBeforeItIsAppended() {
    AtomicReference<Long> free = new AtomicReference<>(Long.MAX_VALUE);
    NodeStore full =
        ReplicatedActorStore.open(
            StoreOptions.in(folder.resolve("full")).shards(SHARDS).blockCacheBytes(1 << 20),
            new Replication("full", GROUPS, 0, 1, machine -> new ModelLog(kept, machine)),
            engine -> new DiskRoom(free::get, 1 << 20));
    int group = full.groupOf(LOBBY);
    List<TurnBatch.Write> write = List.of(new TurnBatch.Write(Table.VALUE, bytes("a"), bytes("1")));
    long epoch = full.epoch(group);
    int before = kept.entries(group);
    free.set(1L << 10);
    assertThat(join(full.commit(new TurnBatch(LOBBY, epoch, write))))
        .isInstanceOf(CommitResult.Refused.class);
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> full.keep(group, new ClockMark(1, 2, full.run())));
    assertThat(kept.entries(group)).isEqualTo(before);

    free.set(Long.MAX_VALUE);
    assertThat(join(full.commit(new TurnBatch(LOBBY, epoch, write)))).isEqualTo(CommitResult.DONE);
    assertThat(kept.entries(group)).isGreaterThan(before);
    full.close();
  }

  @Test
  void anEntryThatCannotBeAppliedEndsTheProcess() {
    List<Throwable> fatal = new ArrayList<>();
    AtomicReference<ModelLog> model = new AtomicReference<>();
    NodeStore broken =
        Stores.replicated(
            StoreOptions.in(folder.resolve("broken"))
                .shards(SHARDS)
                .blockCacheBytes(1 << 20)
                .onFatal(fatal::add),
            new Replication(
                "broken",
                GROUPS,
                0,
                1,
                machine -> {
                  model.set(new ModelLog(new ModelLog.Kept(GROUPS), machine));
                  return model.get();
                }));
    // The engine refuses a range whose end lies before its beginning, as it would a failing disk.
    StoredWrite refused = new StoredWrite(Table.VALUE, bytes("b"), null, bytes("a"));
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> model.get().append(0, 9, new Entry(9, List.of(refused), null)));
    assertThat(fatal).hasSize(1);
    assertThat(model.get().machine().applied(0)).isZero();
    broken.close();
  }

  @Test
  void runsOfDifferentNodesDiffer() {
    Replication west = new Replication("west", 8, 0, 3, machine -> null);
    Replication east = new Replication("east", 8, 2, 3, machine -> null);
    assertThat(List.of(west.runOf(1), west.runOf(2), east.runOf(1), east.runOf(2)))
        .containsExactly(1L, 4L, 3L, 6L);
    assertThat(west.openingOf(4)).isEqualTo(2);
    assertThat(east.openingOf(4)).isZero();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Replication("east", 8, 3, 3, m -> null));
  }

  @Test
  void entriesAreReadAsTheyWereWrittenAndHostileBytesAreRefused() {
    Entry entry =
        new Entry(
            77,
            List.of(
                new StoredWrite(Table.VALUE, bytes("k"), bytes("v")),
                new StoredWrite(Table.ALARM, bytes("k"), null),
                new StoredWrite(Table.CONNECTION, bytes("a"), null, bytes("b"))),
            new ClockMark(1, 2, 3),
            "cluster");
    byte[] encoded = entry.encode();
    assertThat(encoded).hasSize((int) entry.bytes());
    Entry read = Entry.decode(ByteBuffer.wrap(encoded));
    assertThat(read.encode()).isEqualTo(encoded);
    assertThat(read.epoch()).isEqualTo(77);
    assertThat(read.cluster()).isEqualTo("cluster");
    assertThat(read.writes()).hasSize(3);
    Random random = new Random(5);
    for (int i = 0; i < 5_000; i++) {
      byte[] hostile = encoded.clone();
      for (int j = 0; j < 3; j++) {
        hostile[random.nextInt(hostile.length)] = (byte) random.nextInt();
      }
      try {
        Entry.decode(ByteBuffer.wrap(hostile, 0, random.nextInt(hostile.length + 1)));
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("entry");
      }
    }
  }
}
