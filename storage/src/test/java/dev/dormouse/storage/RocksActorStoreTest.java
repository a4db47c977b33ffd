package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.OTHER;
import static dev.dormouse.storage.ActorStoreContract.bytes;
import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDBException;

@Timeout(120)
class RocksActorStoreTest {
  @TempDir Path folder;

  @Test
  void concurrentCommitsShareWrites() throws Exception {
    int threads = 8;
    int commitsEach = 125;
    long commitsInAll = 1_000;
    try (RocksActorStore store = open(Durability.FSYNC)) {
      CountDownLatch together = new CountDownLatch(threads);
      inThreads(
          threads,
          thread -> {
            together.countDown();
            together.await();
            List<CompletionStage<CommitResult>> commits = new ArrayList<>();
            for (int i = 0; i < commitsEach; i++) {
              commits.add(put(store, new ActorId("chat", "r" + thread), number(i), number(i)));
            }
            commits.forEach(ActorStoreContract::done);
          });

      assertThat(store.commitCounts().commits()).isEqualTo(commitsInAll);
      assertThat(store.commitCounts().writes()).isLessThan(commitsInAll / 4);
      for (int thread = 0; thread < threads; thread++) {
        ActorId actor = new ActorId("chat", "r" + thread);
        assertThat(store.scan(actor, Table.VALUE, KeySpan.all(), 1_000)).hasSize(commitsEach);
      }
    }
  }

  @DisplayName("A6: ranges that one actor removes do not pile up in what all reads look at")
  @Test
  void afterSomeRangesWereRemovedTheMemoryIsWrittenOut() throws Exception {
    try (RocksActorStore store = open(Durability.WAL)) {
      KeySpan span = new KeySpan(bytes("a"), bytes("b"), false);
      for (int i = 0; i < EngineWriter.RANGES_MAX; i++) {
        List<TurnBatch.Clear> clears = List.of(new TurnBatch.Clear(Table.VALUE, span));
        ActorStoreContract.done(
            store.commit(
                new TurnBatch(OTHER, store.epochOf(OTHER), new CommitChain(), clears, List.of())));
      }
      while (tables() == 0) { // this happens in the background; the class has a timeout
        Thread.onSpinWait();
      }
    }
  }

  private long tables() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
      return files.filter(file -> file.toString().endsWith(".sst")).count();
    }
  }

  @RepeatedTest(30)
  void closingWhileItIsUsedEndsInAnExceptionAndNothingWorse() throws Exception {
    RocksActorStore store = open(Durability.WAL);
    ActorStoreContract.done(put(store, LOBBY, bytes("a"), bytes("1")));
    int threads = 8;
    AtomicInteger refused = new AtomicInteger();
    CountDownLatch busy = new CountDownLatch(threads);
    Thread closer =
        new Thread(
            () -> {
              try {
                busy.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              store.close();
            });
    closer.start();
    inThreads(
        threads,
        thread -> {
          try {
            for (int i = 0; ; i++) {
              switch (thread % 4) {
                case 0 -> store.get(LOBBY, Table.VALUE, bytes("a"));
                case 1 -> store.scan(LOBBY, Table.VALUE, KeySpan.all(), 10);
                case 2 -> store.scanAll(Table.VALUE, null, 10);
                default ->
                    ActorStoreContract.done(put(store, OTHER, number(i % 10), number(thread)));
              }
              if (i == 20) {
                busy.countDown();
              }
            }
          } catch (IllegalStateException e) {
            assertThat(e).hasMessage("the store is closed");
            refused.incrementAndGet();
          }
        });
    closer.join();

    assertThat(refused).hasValue(threads);
    try (NodeStore again = open(Durability.WAL)) {
      assertThat(again.get(LOBBY, Table.VALUE, bytes("a"))).isEqualTo(bytes("1"));
    }
  }

  @Test
  void aDamagedValueIsRefusedByActorTableAndKey() throws Exception {
    try (RocksActorStore store = open(Durability.FSYNC)) {
      ActorStoreContract.done(put(store, LOBBY, bytes("good"), bytes("1")));
    }
    byte[] storedKey = new RowKeys(4_096).encode(LOBBY, Table.VALUE, bytes("bad"));
    byte[] damaged = RowSeal.seal(storedKey, bytes("2"));
    damaged[damaged.length - 1] ^= 1;
    raw(tables -> tables.db().put(tables.of(Table.VALUE), storedKey, damaged));

    try (RocksActorStore store = open(Durability.FSYNC)) {
      String message =
          "actor chat/lobby, table VALUE, key 626164: the stored value fails its checksum";
      assertThatExceptionOfType(CorruptRowException.class)
          .isThrownBy(() -> store.get(LOBBY, Table.VALUE, bytes("bad")))
          .withMessage(message);
      assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 10))
          .satisfiesExactly(
              row -> assertThat(row.value()).isNull(),
              row -> assertThat(row.value()).isEqualTo(bytes("1")));
      assertThat(store.scanAll(Table.VALUE, null, 10))
          .satisfiesExactly(
              row -> assertThat(row.value()).isNull(),
              row -> assertThat(row.value()).isEqualTo(bytes("1")));
    }
  }

  @Test
  void aFolderOfANewerVersionIsRefused() throws Exception {
    open(Durability.FSYNC).close();
    rawMeta("format", FolderMeta.FORMAT + 1);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> open(Durability.FSYNC))
        .withMessageContaining(folder.toString())
        .withMessageEndingWith(
            "was written by a newer version: it has format 6, and this version reads up to 5");
  }

  @Test
  void aDamagedFolderIsRefused() throws Exception {
    open(Durability.FSYNC).close();
    raw(tables -> tables.db().put(bytes("shards"), bytes("x")));

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> open(Durability.FSYNC))
        .withMessageEndingWith("is damaged: its shards cannot be read");

    raw(tables -> tables.db().delete(bytes("shards")));
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> open(Durability.FSYNC))
        .withMessageEndingWith("is damaged: its shards is missing");
  }

  @Test
  void aFolderThatLostItsCurrentFileIsNotBegunAnew() throws Exception {
    try (RocksActorStore store = open(Durability.FSYNC)) {
      ActorStoreContract.done(put(store, LOBBY, bytes("a"), bytes("1")));
    }
    raw(
        tables -> {
          try (var options = new FlushOptions().setWaitForFlush(true)) {
            tables.db().flush(options, tables.of(Table.VALUE));
          }
        });
    Files.delete(folder.resolve("rocksdb").resolve("CURRENT"));

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> open(Durability.FSYNC))
        .withMessageEndingWith("is damaged: it has rows but no file CURRENT");
  }

  @Test
  void theNumberOfShardsIsThatOfTheFolder() {
    Stores.open(StoreOptions.in(folder).shards(3)).close();

    try (NodeStore store = Stores.open(StoreOptions.in(folder).shards(5))) {
      ActorStoreContract.done(put(store, LOBBY, bytes("a"), bytes("1")));
    }
    byte[] storedKey = new RowKeys(3).encode(LOBBY, Table.VALUE, bytes("a"));
    raw(tables -> assertThat(tables.db().get(tables.of(Table.VALUE), storedKey)).isNotNull());
  }

  @Test
  void aSecondOpeningInTheProcessIsRefusedAndHarmsNothing() {
    try (RocksActorStore store = open(Durability.FSYNC)) {
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> open(Durability.FSYNC))
          .withMessageContaining("already open in this process");
      ActorStoreContract.done(put(store, LOBBY, bytes("a"), bytes("1")));
    }
    open(Durability.FSYNC).close();
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> StoreOptions.in(folder).shards(0));
    assertThatIllegalArgumentException().isThrownBy(() -> StoreOptions.in(folder).shards(65_537));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoreOptions.in(folder).blockCacheBytes(1));
  }

  @Test
  void largeValuesAndManyRowsAreReadBack() {
    byte[] large = new byte[2 << 20];
    large[large.length - 1] = 7;
    try (RocksActorStore store = open(Durability.WAL)) {
      for (int i = 0; i < 40; i++) { // this is more than a memtable holds
        ActorStoreContract.done(put(store, LOBBY, number(i), large));
      }
      assertThat(store.get(LOBBY, Table.VALUE, number(0))).isEqualTo(large);
    }
    try (RocksActorStore store = open(Durability.WAL)) {
      assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all().reversed(), 2))
          .satisfiesExactly(
              row -> assertThat(row.key()).isEqualTo(number(39)),
              row -> assertThat(row.value()).isEqualTo(large));
    }
  }

  @Test
  void aFolderTellsARestartOfTheMachineFromTheDeathOfAProcessAndFromACopy() throws IOException {
    UUID monday = new UUID(0, 1);
    UUID tuesday = new UUID(0, 2);
    Path dead;
    try (RocksActorStore living = open(folder.resolve("living"), monday, 7)) {
      assertThat(living.run()).isEqualTo(1);
      dead = copy(folder.resolve("living"), folder.resolve("dead"));
      copy(dead, folder.resolve("restored"));
      copy(dead, folder.resolve("same boot"));
    }
    try (RocksActorStore next = open(dead, tuesday, 7)) {
      assertThat(next.endingOf(1)).isEqualTo(Ending.MACHINE_RESTARTED);
    }
    try (RocksActorStore later = open(dead, monday, 8)) {
      assertThat(later.endingOf(1)).isEqualTo(Ending.MACHINE_RESTARTED);
      assertThat(later.endingOf(2)).isEqualTo(Ending.CLOSED);
    }
    try (RocksActorStore restored = open(folder.resolve("restored"), tuesday, 8)) {
      assertThat(restored.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
    }
    try (RocksActorStore next = open(folder.resolve("same boot"), monday, 7)) {
      assertThat(next.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
    }
  }

  @Test
  void aRestoredBackupIsTheDeathOfAProcessWhateverTheMachineDid() {
    Path backup = folder.resolve("backup");
    Path restored = folder.resolve("restored");
    try (RocksActorStore living =
        RocksActorStore.open(
            StoreOptions.in(folder.resolve("living")),
            DiskRoom::of,
            engine -> new Surroundings(new UUID(0, 1), Surroundings.of(engine).folder()))) {
      living.backup(backup, Instant.EPOCH);
    }
    Backups.restore(backup, restored);
    try (NodeStore store = Stores.open(StoreOptions.in(restored))) {
      assertThat(store.run()).isGreaterThan(1);
      assertThat(store.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
    }
  }

  @Test
  void ofAnOpeningWhoseRowIsMissingOrDamagedNothingIsKnown() {
    open(Durability.WAL).close();
    open(Durability.WAL).close();
    raw(tables -> tables.db().delete(RunRow.key(1)));
    raw(tables -> tables.db().put(RunRow.key(2), bytes("rubbish")));
    try (RocksActorStore store = open(Durability.WAL)) {
      assertThat(store.run()).isEqualTo(3);
      assertThat(store.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
      assertThat(store.endingOf(2)).isEqualTo(Ending.PROCESS_DIED);
    }
  }

  @Test
  void theRowsOfOpeningsLongPastAreRemoved() {
    open(Durability.WAL).close();
    rawMeta("run", FolderMeta.RUNS_KEPT);
    open(Durability.WAL).close();
    raw(tables -> assertThat(tables.db().get(RunRow.key(1))).isNull());
    raw(tables -> assertThat(tables.db().get(RunRow.key(1 + FolderMeta.RUNS_KEPT))).isNotNull());
  }

  @Test
  @DisplayName("A3: the mark of the clock takes none of the last room of a full disk")
  void theMarkOfTheClockIsNotWrittenToAFullDisk() throws IOException {
    AtomicLong usableBytes = new AtomicLong(Long.MAX_VALUE);
    StoreOptions options = StoreOptions.in(folder).durability(Durability.WAL);
    ClockMark kept = new ClockMark(1, 2, 1);
    try (RocksActorStore store =
        RocksActorStore.open(options, engine -> new DiskRoom(usableBytes::get, 1 << 20))) {
      store.keep(0, kept);
      usableBytes.set((1 << 20) - 1);
      long bytes = logBytes();
      assertThatExceptionOfType(UncheckedIOException.class)
          .isThrownBy(() -> store.keep(0, new ClockMark(3, 4, 1)))
          .withStackTraceContaining("the disk has too little room");
      assertThat(store.clockMark(0)).isEqualTo(HeldMark.own(kept));
      assertThat(logBytes()).isEqualTo(bytes);
      usableBytes.set(Long.MAX_VALUE);
      store.keep(0, new ClockMark(5, 6, 1));
      assertThat(store.clockMark(0)).isEqualTo(HeldMark.own(new ClockMark(5, 6, 1)));
    }
  }

  private long logBytes() throws IOException {
    long bytes = 0;
    for (Path file : FileTree.filesIn(folder.resolve("rocksdb"))) {
      bytes += file.toString().endsWith(".log") ? Files.size(file) : 0;
    }
    return bytes;
  }

  private static RocksActorStore open(Path folder, UUID boot, long number) {
    return RocksActorStore.open(
        StoreOptions.in(folder).durability(Durability.WAL),
        DiskRoom::of,
        engine -> new Surroundings(boot, number));
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return to;
  }

  private RocksActorStore open(Durability durability) {
    return RocksActorStore.open(StoreOptions.in(folder).durability(durability));
  }

  private static CompletionStage<CommitResult> put(
      NodeStore store, ActorId actor, byte[] key, byte[] value) {
    return store.commit(
        new TurnBatch(
            actor, store.epochOf(actor), List.of(new TurnBatch.Write(Table.VALUE, key, value))));
  }

  private interface RawWork {
    void run(RocksTables tables) throws RocksDBException;
  }

  /** Does something to the folder that the store would not do. */
  private void raw(RawWork work) {
    try (RocksTables tables = RocksTables.open(folder.resolve("rocksdb"), 1 << 20, 32)) {
      work.run(tables);
    } catch (RocksDBException e) {
      throw new AssertionError(e);
    }
  }

  private void rawMeta(String name, long number) {
    byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    raw(tables -> tables.db().put(bytes(name), RowSeal.seal(bytes(name), payload)));
  }

  private interface ThreadWork {
    void run(int thread) throws Exception;
  }

  private static void inThreads(int threads, ThreadWork work) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Object>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        running.add(
            executor.submit(
                () -> {
                  work.run(thread);
                  return null;
                }));
      }
      for (Future<Object> one : running) {
        one.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }
}
