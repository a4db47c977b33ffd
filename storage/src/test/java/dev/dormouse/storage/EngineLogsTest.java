package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.bytes;
import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

@Tag("once") // the engine's files are read byte by byte, on every JVM alike
@Timeout(60)
class EngineLogsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {5, 6, 7, 8, 11, 13})
  void aRecordOfARecycledFileIsRefusedByFileAndPlace(int type) throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("second")));
    log[12 + 6] = (byte) type;
    Files.write(folder.resolve("000004.log"), log);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> EngineLogs.check(folder))
        .withMessageStartingWith(
            "the data folder %s is damaged: 000004.log has a bad record at 12; restore a backup,",
            folder)
        .withMessageContaining("'salvage'");
  }

  @Test
  void aRecordThatReachesBeyondTheEndIsRefusedIfOthersFollow() throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("2")), record(1, bytes("3")));
    log[5] = 1; // the record claims 256 bytes more
    Files.write(folder.resolve("MANIFEST-000005"), log);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> EngineLogs.check(folder))
        .withMessageEndingWith("MANIFEST-000005 has a bad record at 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"000004.log", "MANIFEST-000005"})
  void theLastRecordIsRefusedIfOnlyItsLengthKeepsItFromBeingWhole(String file) throws Exception {
    byte[] first = record(1, batch(bytes("first")));
    byte[] second = batch(bytes("second"));
    byte[] log = concat(first, record(1, second));
    for (int bit = 0; bit < 16; bit++) {
      if ((second.length >> bit & 1) == 1) {
        continue; // the log becomes shorter, and the engine notices that
      }
      byte[] longer = log.clone();
      longer[first.length + 4 + bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(folder.resolve(file), longer);
      assertThatExceptionOfType(StoreOpenException.class)
          .as("bit %d", bit)
          .isThrownBy(() -> EngineLogs.check(folder))
          .withMessageContaining(file + " has a bad record at " + first.length);
    }
  }

  @Test
  void aBatchOfSeveralRecordsIsRefusedIfTheLengthOfAnyIsTooLarge() throws Exception {
    byte[] batch = batch(new byte[40_000], bytes("x"), new byte[30_000]);
    int block = 32 << 10;
    byte[] first = record(2, Arrays.copyOf(batch, block - 7));
    byte[] middle = record(3, Arrays.copyOfRange(batch, block - 7, 2 * (block - 7)));
    byte[] last = record(4, Arrays.copyOfRange(batch, 2 * (block - 7), batch.length));
    byte[] log = concat(first, middle, last);
    for (int at : List.of(0, block, 2 * block)) {
      byte[] longer = log.clone();
      longer[at + 5] ^= (byte) 0x80;
      Files.write(folder.resolve("000004.log"), longer);
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> EngineLogs.check(folder))
          .withMessageContaining("has a bad record at " + at);
    }
    for (int length = 0; length < log.length; length += 97) {
      Files.write(folder.resolve("000004.log"), Arrays.copyOf(log, length));
      assertThatNoException().as("%d bytes", length).isThrownBy(() -> EngineLogs.check(folder));
    }
  }

  @DisplayName("A1: what clients wrote never decides whether a log is damaged")
  @Test
  void aLogOfTextThatLooksLikeRecordsStartsWhereverItIsCutAndKeepsEachWholeTurn() throws Exception {
    Path original = Files.createDirectory(folder.resolve("original"));
    List<Integer> ends = new ArrayList<>();
    byte[] log;
    Path file;
    StoreOptions wal = StoreOptions.in(original).durability(Durability.WAL);
    try (NodeStore store = Stores.open(wal)) {
      try (Stream<Path> files = Files.list(original.resolve("rocksdb"))) {
        file = files.filter(f -> f.toString().endsWith(".log")).max(Path::compareTo).orElseThrow();
      }
      for (int i = 0; i < FORGED_BYTES.size(); i++) {
        TurnBatch.Write write =
            new TurnBatch.Write(Table.VALUE, number(i), forged(FORGED_BYTES.get(i)));
        ActorStoreContract.done(
            store.commit(new TurnBatch(LOBBY, store.epochOf(LOBBY), List.of(write))));
        ends.add((int) Files.size(file));
      }
      log = Files.readAllBytes(file);
      copy(original.resolve("rocksdb"), folder.resolve("copy/rocksdb"));
    }
    int begin = ends.get(0) - FORGED_BYTES.get(0);
    assertThat(log.length).isGreaterThan(4 * (32 << 10));
    TreeSet<Integer> cuts = new TreeSet<>();
    for (int at : ends) {
      for (int near : List.of(-1, 0, 6, 8, 60)) { // the cut is in the next record's head, too
        cuts.add(at + near);
      }
    }
    for (int block = 32 << 10; block < log.length; block += 32 << 10) {
      for (int near : List.of(0, 3, 700, 701, 702, 703, 704, 705, 706)) {
        cuts.add(block + near); // seven in a row: one of them is between two forged records
      }
    }
    for (int cut : cuts.subSet(begin, log.length)) {
      Path copy = folder.resolve("cut" + cut);
      copy(folder.resolve("copy/rocksdb"), copy.resolve("rocksdb"));
      Files.write(copy.resolve("rocksdb").resolve(file.getFileName()), Arrays.copyOf(log, cut));
      long whole = ends.stream().filter(end -> end <= cut).count();
      if (cut % 4 == 0) {
        try (StoredFolder stored = StoredFolder.open(copy)) { // dump does so, too
          assertThat(stored.verify(type -> null, fault -> {}, note -> {}).values())
              .as("%d", cut)
              .isEqualTo(whole);
        }
      }
      try (NodeStore store = Stores.open(StoreOptions.in(copy))) {
        assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 100))
            .as("%d", cut)
            .hasSize((int) whole);
      }
      FileTree.remove(copy);
    }
  }

  private static final List<Integer> FORGED_BYTES = List.of(70, 700, 40_000, 100_000, 7);

  /** Returns a whole record that is empty, as a client can write it, again and again. */
  private static byte[] forged(int bytes) {
    byte[] record = record(1, new byte[0]);
    assertThat(record).isEqualTo("\5+(C\0\0\1".getBytes(StandardCharsets.ISO_8859_1));
    byte[] all = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      all[i] = record[i % record.length];
    }
    return all;
  }

  @DisplayName("A1: a stated way to start all the same")
  @Test
  void aDamagedLogIsCutWhenAnOperatorAsksAndItsFilesAreKept() throws Exception {
    Path data = folder.resolve("data");
    Path copy = folder.resolve("copy");
    List<Integer> ends = new ArrayList<>();
    Path file;
    try (NodeStore store = Stores.open(StoreOptions.in(data).durability(Durability.WAL))) {
      try (Stream<Path> files = Files.list(data.resolve("rocksdb"))) {
        file = files.filter(f -> f.toString().endsWith(".log")).max(Path::compareTo).orElseThrow();
      }
      for (int i = 0; i < 3; i++) {
        TurnBatch.Write write = new TurnBatch.Write(Table.VALUE, number(i), bytes("value " + i));
        ActorStoreContract.done(
            store.commit(new TurnBatch(LOBBY, store.epochOf(LOBBY), List.of(write))));
        ends.add((int) Files.size(file));
      }
      copy(data.resolve("rocksdb"), copy.resolve("rocksdb"));
    }
    Path log = copy.resolve("rocksdb").resolve(file.getFileName());
    byte[] damaged = Files.readAllBytes(log);
    damaged[ends.get(1) - 1] ^= 1;
    Files.write(log, damaged);
    Path later = copy.resolve("rocksdb/000099.log");
    Files.write(later, record(1, batch(bytes("later"))));
    String place = file.getFileName() + " has a bad record at " + ends.get(0);
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> Stores.open(StoreOptions.in(copy)))
        .withMessageContaining(place)
        .withMessageContaining("'salvage'");

    List<String> given = Stores.salvage(copy, Instant.parse("2026-03-04T05:06:07Z"));

    assertThat(given)
        .containsExactly(
            place + ": its last " + (damaged.length - ends.get(0)) + " bytes are given up",
            "000099.log is later: its "
                + (7 + batch(bytes("later")).length)
                + " bytes are given up");
    Path kept = copy.resolve("salvaged-20260304T050607Z");
    assertThat(kept.resolve(file.getFileName())).hasBinaryContent(damaged);
    assertThat(kept.resolve("000099.log")).exists();
    try (NodeStore store = Stores.open(StoreOptions.in(copy))) {
      assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 100)).hasSize(1);
    }
    assertThat(Stores.salvage(copy, Instant.EPOCH)).isEmpty();
  }

  private static byte[] batch(byte[]... values) throws RocksDBException {
    RocksDB.loadLibrary();
    try (WriteBatch batch = new WriteBatch()) {
      for (byte[] value : values) {
        batch.put(bytes("key"), value);
      }
      return batch.data();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (Path file : FileTree.filesIn(from)) {
      Files.copy(file, to.resolve(file.getFileName()));
    }
  }

  @Test
  void aFileCurrentThatNamesNoManifestThatIsThereIsRefused() throws IOException {
    Files.createFile(folder.resolve("MANIFEST-000005"));
    for (String text : List.of("", "MANIFEST-000005", "MANIFEST-000004\n", "mANIFEST-000005\n")) {
      Files.writeString(folder.resolve("CURRENT"), text);
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> EngineLogs.check(folder))
          .withMessageContaining("its file CURRENT names");
    }
    Files.writeString(folder.resolve("CURRENT"), "MANIFEST-000005\n");
    assertThatNoException().isThrownBy(() -> EngineLogs.check(folder));
  }

  @Test
  void aLogThatIsCutShortAnywhereIsLeftToTheEngine() throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("second")));
    for (int length = 0; length <= log.length; length++) {
      Files.write(folder.resolve("000004.log"), Arrays.copyOf(log, length));
      assertThatNoException().isThrownBy(() -> EngineLogs.check(folder));
    }
  }

  @Test
  void recordsInLaterBlocksAreSeen() throws IOException {
    byte[] filling = record(1, new byte[(32 << 10) - 7 - 3]); // leaves three bytes in the block
    byte[] log = concat(filling, new byte[3], record(1, bytes("x")), record(5, bytes("y")));
    Files.write(folder.resolve("000004.log"), log);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> EngineLogs.check(folder))
        .withMessageContaining("has a bad record at " + ((32 << 10) + 8));
  }

  @Test
  void theEnginesOwnLogsPass() throws IOException {
    StoreOptions options = StoreOptions.in(folder).durability(Durability.WAL);
    for (int opening = 0; opening < 3; opening++) {
      try (NodeStore store = Stores.open(options)) {
        for (int i = 0; i < 20; i++) {
          TurnBatch.Write write = new TurnBatch.Write(Table.VALUE, number(i), new byte[i * 5_000]);
          ActorStoreContract.done(
              store.commit(new TurnBatch(LOBBY, store.epochOf(LOBBY), List.of(write))));
        }
      }
      assertThatNoException().isThrownBy(() -> EngineLogs.check(folder.resolve("rocksdb")));
    }
    try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".log"))).isNotEmpty();
    }
  }

  private static byte[] record(int type, byte[] payload) {
    CRC32C sum = new CRC32C();
    sum.update(type);
    sum.update(payload);
    int masked = Integer.rotateRight((int) sum.getValue(), 15) + 0xa282ead8;
    return ByteBuffer.allocate(7 + payload.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(masked)
        .putShort((short) payload.length)
        .put((byte) type)
        .put(payload)
        .array();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
