package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.bytes;
import static dev.dormouse.storage.ActorStoreContract.done;
import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("once") // files of a backup do not depend on the JVM
@Timeout(120)
class BackupTest {
  private static final Instant AT = Instant.ofEpochSecond(1_800_000_000);
  private static final ActorId LOBBY = new ActorId("chat", "lobby");

  @TempDir Path parent;
  private Path data;
  private Path backup;

  @BeforeEach
  void name() throws IOException {
    parent = parent.toRealPath();
    data = parent.resolve("data");
    backup = parent.resolve("backup");
  }

  private NodeStore open(Durability durability) {
    return Stores.open(StoreOptions.in(data).durability(durability));
  }

  private static void put(NodeStore store, ActorId actor, String key, byte[] value) {
    done(
        store.commit(
            new TurnBatch(
                actor,
                store.epochOf(actor),
                List.of(new TurnBatch.Write(Table.VALUE, bytes(key), value)))));
  }

  private void fill() {
    try (NodeStore store = open(Durability.WAL)) {
      put(store, LOBBY, "a", bytes("1"));
    }
  }

  /** Returns the faults of a folder. */
  private static List<String> faults(Path folder) {
    List<String> faults = new ArrayList<>();
    try (StoredFolder stored = StoredFolder.open(folder)) {
      FolderReport report = stored.verify(type -> null, faults::add, faults::add);
      assertThat(report.faults()).isEqualTo(faults.size());
    }
    return faults;
  }

  @ParameterizedTest
  @EnumSource(names = {"FSYNC", "WAL"})
  void aBackupUnderLoadHasAllThatWasDoneBeforeAndEachTurnAsAWhole(Durability durability)
      throws Exception {
    int actors = 4;
    int backups = 4;
    AtomicIntegerArray answered = new AtomicIntegerArray(actors);
    AtomicBoolean isOver = new AtomicBoolean();
    CountDownLatch busy = new CountDownLatch(actors);
    ExecutorService writers = Executors.newFixedThreadPool(actors);
    List<int[]> before = new ArrayList<>();
    try (NodeStore store = open(durability)) {
      List<Future<?>> writing = new ArrayList<>();
      for (int i = 0; i < actors; i++) {
        int actor = i;
        writing.add(
            writers.submit(
                () -> {
                  for (int turn = 1; !isOver.get(); turn++) {
                    done(store.commit(turn(store, actor, turn)));
                    answered.set(actor, turn);
                    if (turn == 20) {
                      busy.countDown();
                    }
                  }
                }));
      }
      busy.await();
      for (int i = 0; i < backups; i++) {
        int[] done = new int[actors];
        for (int actor = 0; actor < actors; actor++) {
          done[actor] = answered.get(actor);
        }
        before.add(done);
        BackupReport report = store.backup(parent.resolve("backup" + i), AT);
        assertThat(report.files()).isPositive();
      }
      isOver.set(true);
      for (Future<?> one : writing) {
        one.get();
      }
    } finally {
      writers.shutdownNow();
    }
    for (int i = 0; i < backups; i++) {
      Path taken = parent.resolve("backup" + i);
      assertThat(faults(taken)).isEmpty();
      Path restored = parent.resolve("restored" + i);
      Backups.restore(taken, restored);
      try (NodeStore store = Stores.open(StoreOptions.in(restored).durability(Durability.WAL))) {
        for (int actor = 0; actor < actors; actor++) {
          assertThat(turnKept(store, actor)).isGreaterThanOrEqualTo(before.get(i)[actor]);
        }
      }
    }
  }

  private static ActorId actor(int number) {
    return new ActorId("chat", "room" + number);
  }

  /**
   * Writes the turn's number to all tables, and removes the rows that the previous turn has added.
   */
  private static TurnBatch turn(NodeStore store, int actor, int turn) {
    return new TurnBatch(
        actor(actor),
        store.epochOf(actor(actor)),
        List.of(
            new TurnBatch.Write(
                Table.ACTOR, ActorRow.KEY, new ActorRow(1, turn).with(0, 1).encode()),
            new TurnBatch.Write(Table.CONNECTION, connection(turn - 1), null),
            new TurnBatch.Write(
                Table.CONNECTION,
                connection(turn),
                new ConnectionRow(turn, List.of("t"), null).encode()),
            new TurnBatch.Write(Table.VALUE, bytes("first"), number(turn)),
            new TurnBatch.Write(Table.VALUE, bytes("second"), number(turn))));
  }

  private static byte[] connection(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  /** Returns the turn that wrote an actor's rows; all of them must agree. */
  private static int turnKept(NodeStore store, int number) {
    ActorId actor = actor(number);
    int turn = (int) ActorRow.decode(store.get(actor, Table.ACTOR, ActorRow.KEY)).activations();
    assertThat(store.scan(actor, Table.VALUE, KeySpan.all(), 10))
        .hasSize(2)
        .allSatisfy(row -> assertThat(row.value()).isEqualTo(number(turn)));
    assertThat(store.scan(actor, Table.CONNECTION, KeySpan.all(), 10))
        .satisfiesExactly(
            row -> assertThat(ConnectionRow.decode(row.value()).acceptedAtMs()).isEqualTo(turn));
    return turn;
  }

  @Test
  void aRestoredFolderGoesOnAndTheBackupStaysAsItIs() throws Exception {
    fill();
    try (NodeStore store = open(Durability.WAL)) {
      put(store, LOBBY, "b", bytes("2"));
      store.backup(backup, AT);
      put(store, LOBBY, "c", bytes("3"));
    }
    for (String name : List.of("one", "two")) {
      BackupReport report = Backups.restore(backup, parent.resolve(name));
      assertThat(report.folder()).isEqualTo(parent.resolve(name));
      try (NodeStore store = Stores.open(StoreOptions.in(parent.resolve(name)))) {
        assertThat(store.run()).isGreaterThan(2_000);
        assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 10)).hasSize(2);
        put(store, LOBBY, "d", new byte[1 << 20]);
      }
      assertThat(faults(parent.resolve(name))).isEmpty();
    }
    assertThat(faults(backup)).isEmpty();
    try (NodeStore store = open(Durability.WAL)) {
      assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 10)).hasSize(3);
    }
    assertThat(BackupList.readFrom(backup).takenAt()).isEqualTo(AT);
  }

  @DisplayName("A18: the openings of a restored folder have numbers that none had since its backup")
  @Test
  void theNumberOfTheFirstOpeningAfterARestoreIsFarAhead() {
    fill();
    Backups.take(data, backup, Instant.EPOCH);
    long last = 0;
    for (int i = 0; i < 3; i++) {
      try (NodeStore store = Stores.open(StoreOptions.in(data))) {
        last = store.run();
      }
    }
    Set<Long> seen = new HashSet<>();
    for (String name : List.of("once", "again")) {
      Backups.restore(backup, parent.resolve(name));
      for (int opening = 0; opening < 2; opening++) {
        try (NodeStore store = Stores.open(StoreOptions.in(parent.resolve(name)))) {
          assertThat(store.run()).isGreaterThan(last + 1_000);
          assertThat(seen.isEmpty() || opening == 0 || seen.contains(store.run() - 1))
              .as("one leap for each restore")
              .isTrue();
          seen.add(store.run());
        }
      }
    }
  }

  @Test
  void aBackupIsNoDataFolder() {
    fill();
    Backups.take(data, backup, AT);
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> Stores.open(StoreOptions.in(backup)))
        .withMessage("the folder " + backup + " is a backup; restore it to another folder first");
    assertThat(faults(backup)).isEmpty();
  }

  @Test
  void aFolderInUseIsBackedUpByItsStoreAlone() {
    fill();
    try (NodeStore store = open(Durability.WAL)) {
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> Backups.take(data, backup, AT))
          .withMessageContaining("already open");
      assertThatExceptionOfType(StoreOpenException.class).isThrownBy(() -> StoredFolder.open(data));
      store.backup(backup, AT);
    }
    assertThat(faults(backup)).isEmpty();
  }

  @Test
  void placesWhereABackupCannotBeAreNamed() throws IOException {
    fill();
    Path full = Files.createDirectory(parent.resolve("full"));
    Files.createFile(full.resolve("precious"));
    Path file = Files.createFile(parent.resolve("file"));
    try (NodeStore store = open(Durability.WAL)) {
      for (Path taken : List.of(full, file)) {
        refused(store, taken, "it is there, and not an empty folder");
      }
      refused(store, parent.resolve("no/where"), "there is no folder " + parent.resolve("no"));
      refused(store, data.resolve("backup"), "cannot be inside the data folder");
      refused(store, data, "cannot be inside the data folder");
      store.backup(Files.createDirectory(parent.resolve("empty")), AT);
    }
    assertThat(full).isDirectoryContaining(path -> path.endsWith("precious"));
    assertThat(faults(parent.resolve("empty"))).isEmpty();
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> Backups.take(parent.resolve("nothing"), backup, AT))
        .withMessage("there is no data folder " + parent.resolve("nothing"));
    assertThat(parent.resolve("nothing")).doesNotExist();
  }

  private void refused(NodeStore store, Path to, String words) {
    assertThatExceptionOfType(BackupException.class)
        .isThrownBy(() -> store.backup(to, AT))
        .withMessageContaining(to.toString())
        .withMessageContaining(words);
  }

  @Test
  void aRestoreOverwritesNothing() throws IOException {
    fill();
    Backups.take(data, backup, AT);
    assertThatExceptionOfType(BackupException.class)
        .isThrownBy(() -> Backups.restore(backup, data))
        .withMessage(
            "the data folder cannot be written to "
                + data
                + ": it is there, and not an empty folder");
    assertThatExceptionOfType(BackupException.class)
        .isThrownBy(() -> Backups.restore(data, parent.resolve("restored")))
        .withMessageContaining("is no backup, or one that was not finished");
    assertThat(parent.resolve("restored")).doesNotExist();
  }

  @Test
  void aRestoreThatWasCutShortIsNoDataFolder() throws IOException {
    fill();
    Files.createFile(data.resolve(DataFolder.RESTORING));
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> open(Durability.WAL))
        .withMessageContaining("was not finished; remove the folder and restore again");
  }

  @Test
  void aDamagedBackupIsNotRestoredAndNothingIsLeftOfTheAttempt() throws IOException {
    fill();
    Backups.take(data, backup, AT);
    Path manifest = file(backup, "MANIFEST");
    flip(manifest, (int) Files.size(manifest) / 2, 1);
    Path restored = parent.resolve("restored");
    assertThatExceptionOfType(BackupException.class)
        .isThrownBy(() -> Backups.restore(backup, restored))
        .withMessageContaining("MANIFEST")
        .withMessageEndingWith("is not as it was written");
    assertThat(restored).doesNotExist();
    Files.createDirectory(restored);
    assertThatExceptionOfType(BackupException.class)
        .isThrownBy(() -> Backups.restore(backup, restored));
    assertThat(restored).isEmptyDirectory();
  }

  @Test
  void whatACrashLeavesOfABackupIsSweptAtTheNextOpening() throws IOException {
    fill();
    Files.createDirectory(data.resolve("checkpoint.tmp"));
    Files.createFile(data.resolve("checkpoint.tmp/000001.sst"));
    Files.createDirectory(data.resolve("checkpoint.tmp.tmp"));
    open(Durability.WAL).close();
    assertThat(data)
        .isDirectoryNotContaining(path -> path.getFileName().toString().contains("checkpoint"));
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "/dev/shm is the other file system")
  void aBackupOnAnotherFileSystemIsCopiedAndSummed() throws IOException {
    Path memory = Path.of("/dev/shm");
    assertThat(Files.getFileStore(memory)).isNotEqualTo(Files.getFileStore(parent));
    Path elsewhere = Files.createTempDirectory(memory, "dormouse-backup");
    try {
      fill();
      Backups.take(data, elsewhere, AT);
      assertThat(BackupList.readFrom(elsewhere).entries())
          .isNotEmpty()
          .allSatisfy(entry -> assertThat(entry.sum()).isNotNull());
      assertThat(faults(elsewhere)).isEmpty();
      Backups.restore(elsewhere, parent.resolve("restored"));
      try (NodeStore store = Stores.open(StoreOptions.in(parent.resolve("restored")))) {
        assertThat(store.get(LOBBY, Table.VALUE, bytes("a"))).isEqualTo(bytes("1"));
      }
    } finally {
      FileTree.remove(elsewhere);
    }
  }

  @Test
  void oneFlippedBitAnywhereInABackupIsFound() throws IOException {
    long seed = Long.getLong("dormouse.test.seed", new Random().nextLong());
    System.out.println("flipped bits: seed " + seed);
    Random random = new Random(seed);
    try (NodeStore store = open(Durability.WAL)) {
      for (int i = 0; i < 50; i++) {
        put(store, actor(i), "key", new byte[random.nextInt(500)]);
      }
    }
    Backups.take(data, backup, AT);
    Path copy = parent.resolve("copy");
    for (int round = 0; round < 40; round++) {
      copy(backup, copy);
      List<Path> files = new ArrayList<>(FileTree.filesIn(copy.resolve("rocksdb")));
      files.removeIf(file -> file.toFile().length() == 0);
      Path damaged = files.get(random.nextInt(files.size()));
      int at = random.nextInt((int) Files.size(damaged));
      flip(damaged, at, 1 << random.nextInt(8));
      assertThat(faults(copy))
          .as("seed %d, %s at %d", seed, damaged.getFileName(), at)
          .isNotEmpty()
          .anyMatch(fault -> fault.contains(damaged.getFileName().toString()));
      FileTree.remove(copy);
    }
  }

  @Test
  void filesThatAreMissingOrCutShortAreNamed() throws IOException {
    fill();
    try (NodeStore store = open(Durability.WAL)) {
      put(store, LOBBY, "b", bytes("2"));
      store.backup(backup, AT);
    }
    Path options = file(backup, "OPTIONS");
    Files.write(options, new byte[3]);
    assertThat(faults(backup))
        .singleElement()
        .asString()
        .startsWith("file " + options.getFileName() + " has 3 bytes of ");
    Files.delete(options);
    assertThat(faults(backup)).containsExactly("file " + options.getFileName() + " is missing");

    Files.writeString(backup.resolve(BackupList.NAME), "Dormouse backup 1\n");
    assertThatExceptionOfType(BackupException.class)
        .isThrownBy(() -> StoredFolder.open(backup))
        .withMessage(
            "the backup's list of files "
                + backup.resolve(BackupList.NAME)
                + " is damaged; restore another backup");
  }

  private static Path file(Path folder, String prefix) throws IOException {
    return FileTree.filesIn(folder.resolve("rocksdb")).stream()
        .filter(file -> file.getFileName().toString().startsWith(prefix))
        .findFirst()
        .orElseThrow();
  }

  private static void flip(Path file, int at, int bit) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= (byte) bit;
    Files.delete(file); // the file may be a hard link
    Files.write(file, bytes);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.resolve("rocksdb"));
    Files.copy(from.resolve(BackupList.NAME), to.resolve(BackupList.NAME));
    for (Path file : FileTree.filesIn(from.resolve("rocksdb"))) {
      Files.copy(
          file,
          to.resolve("rocksdb").resolve(file.getFileName()),
          StandardCopyOption.COPY_ATTRIBUTES);
    }
  }
}
