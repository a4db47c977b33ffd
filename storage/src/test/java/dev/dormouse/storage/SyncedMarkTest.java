package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests whether the store notices that a log lacks data which had been synced. */
class SyncedMarkTest {
  private static final int COMMITS = 5;

  @TempDir private Path folder;

  /** The folder of a process that died after its last commit. */
  private Path left;

  private final List<Integer> ends = new ArrayList<>();

  @BeforeEach
  void commit() throws IOException {
    Path data = folder.resolve("data");
    left = folder.resolve("left");
    try (NodeStore store = Stores.open(StoreOptions.in(data).durability(Durability.FSYNC))) {
      for (int i = 0; i < COMMITS; i++) {
        TurnBatch.Write write = new TurnBatch.Write(Table.VALUE, number(i), new byte[100]);
        ActorStoreContract.done(
            store.commit(new TurnBatch(LOBBY, store.epochOf(LOBBY), List.of(write))));
        ends.add((int) Files.size(logIn(data)));
      }
      copy(data, left);
    }
  }

  private static Path logIn(Path data) throws IOException {
    try (Stream<Path> files = Files.list(data.resolve("rocksdb"))) {
      return files.filter(f -> f.toString().endsWith(".log")).max(Path::compareTo).orElseThrow();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.resolve("rocksdb"));
    for (Path file : FileTree.filesIn(from.resolve("rocksdb"))) {
      Files.copy(file, to.resolve("rocksdb").resolve(file.getFileName()));
    }
    Files.copy(from.resolve(SyncedMark.NAME), to.resolve(SyncedMark.NAME));
  }

  private static int rowsIn(Path data, Durability durability) {
    try (NodeStore store = Stores.open(StoreOptions.in(data).durability(durability))) {
      return store.scan(LOBBY, Table.VALUE, KeySpan.all(), 100).size();
    }
  }

  @Test
  @DisplayName("A1: a log that was cut in what was synced is damaged, wherever the cut is")
  void aLogThatWasCutInWhatWasSyncedIsDamaged() throws IOException {
    byte[] log = Files.readAllBytes(logIn(left));
    for (int cut : List.of(ends.get(1), ends.get(1) + 3, ends.get(3) - 1, log.length - 1)) {
      Path data = folder.resolve("cut" + cut);
      copy(left, data);
      byte[] cutLog = Arrays.copyOf(log, cut);
      Files.write(logIn(data), cutLog);
      assertThatExceptionOfType(StoreOpenException.class)
          .as("%d", cut)
          .isThrownBy(() -> rowsIn(data, Durability.FSYNC))
          .withMessageContainingAll("were synced to the disk", "'salvage'");
      assertThat(logIn(data)).as("nothing is changed").hasBinaryContent(cutLog);
      List<String> faults = new ArrayList<>();
      try (StoredFolder stored = StoredFolder.open(data)) {
        stored.verify(type -> null, faults::add, note -> {});
      }
      assertThat(faults).singleElement().asString().contains("were synced to the disk");
    }
  }

  @Test
  @DisplayName("A1: a log without what was synced starts after it was salvaged")
  void aLogWithoutWhatWasSyncedIsSalvaged() throws IOException {
    byte[] log = Files.readAllBytes(logIn(left));
    Files.write(logIn(left), Arrays.copyOf(log, ends.get(2)));
    assertThat(Stores.salvage(left, Instant.EPOCH))
        .singleElement()
        .asString()
        .matches("the logs end with write \\d+: 2 writes that were synced are given up");
    assertThat(left.resolve("salvaged-19700101T000000Z").resolve(SyncedMark.NAME)).exists();
    assertThat(rowsIn(left, Durability.FSYNC)).isEqualTo(3);
    assertThat(rowsIn(left, Durability.FSYNC)).isEqualTo(3);
    assertThat(Stores.salvage(left, Instant.EPOCH)).isEmpty();
  }

  @Test
  void halfARecordThatWasNeverSyncedIsDropped() throws IOException {
    byte[] log = Files.readAllBytes(logIn(left));
    byte[] half = Arrays.copyOfRange(log, ends.get(3), ends.get(4) - 20);
    Files.write(logIn(left), half, StandardOpenOption.APPEND);
    assertThat(rowsIn(left, Durability.FSYNC)).isEqualTo(COMMITS);
  }

  @Test
  void whatIsInTablesAlreadyIsNotMissingInTheLog() throws IOException {
    assertThat(rowsIn(left, Durability.FSYNC)).isEqualTo(COMMITS);
    Files.write(logIn(left), new byte[0]); // all rows that the mark covers are in tables
    assertThat(rowsIn(left, Durability.FSYNC)).isEqualTo(COMMITS);
  }

  @Test
  void aMarkThatIsDamagedOrOldClaimsNothingThatIsNotTrue() throws IOException {
    Path mark = left.resolve(SyncedMark.NAME);
    byte[] bytes = Files.readAllBytes(mark);
    bytes[7]++;
    Files.write(mark, bytes);
    assertThat(SyncedMark.readIn(left)).isZero();
    assertThat(rowsIn(left, Durability.WAL)).isEqualTo(COMMITS);
    Files.write(mark, new byte[0]);
    assertThat(rowsIn(left, Durability.FSYNC)).isEqualTo(COMMITS);
    assertThat(rowsIn(left, Durability.WAL)).isEqualTo(COMMITS);
  }
}
