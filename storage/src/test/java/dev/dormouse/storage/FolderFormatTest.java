package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** Opens folders that an older version made, by the engine itself as that version used it. */
class FolderFormatTest {
  private static final int SHARDS = 7;
  private static final List<String> FORMAT_1 = List.of("default", "actor", "connection", "value");

  @TempDir private Path folder;

  static {
    RocksDB.loadLibrary();
  }

  private interface Work {
    void run(RocksDB db, List<ColumnFamilyHandle> families) throws RocksDBException;
  }

  private void raw(List<String> families, boolean mayMake, Work work) throws Exception {
    List<ColumnFamilyDescriptor> descriptors =
        families.stream()
            .map(name -> new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8)))
            .toList();
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (DBOptions options =
            new DBOptions().setCreateIfMissing(mayMake).setCreateMissingColumnFamilies(mayMake);
        RocksDB db =
            RocksDB.open(options, folder.resolve("rocksdb").toString(), descriptors, handles)) {
      work.run(db, handles);
      handles.forEach(ColumnFamilyHandle::close);
    }
  }

  private static void putNumber(RocksDB db, String name, long number) throws RocksDBException {
    byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    db.put(bytes(name), RowSeal.seal(bytes(name), payload));
  }

  @BeforeEach
  void makeFolderOfFormat1() throws Exception {
    Files.createDirectories(folder.resolve("rocksdb"));
    raw(
        FORMAT_1,
        true,
        (db, families) -> {
          putNumber(db, "format", 1);
          putNumber(db, "shards", SHARDS);
          putNumber(db, "incarnation", 4);
          byte[] key = new RowKeys(SHARDS).encode(LOBBY, Table.VALUE, bytes("a"));
          db.put(families.get(3), key, RowSeal.seal(key, bytes("1")));
        });
  }

  private ActorStore open() {
    return Stores.open(StoreOptions.in(folder).durability(Durability.WAL));
  }

  private List<String> families() throws Exception {
    try (Options options = new Options()) {
      return RocksDB.listColumnFamilies(options, folder.resolve("rocksdb").toString()).stream()
          .map(name -> new String(name, StandardCharsets.UTF_8))
          .toList();
    }
  }

  private static void checkRows(ActorStore store) {
    DueAlarm due = new DueAlarm(LOBBY, DueClock.WALL, 5, "a");
    ActorStoreContract.done(
        store.commit(
            new TurnBatch(
                LOBBY,
                store.incarnation(),
                List.of(new TurnBatch.Write(Table.DUE, due.key(), DueAlarm.value())))));
    assertThat(store.get(LOBBY, Table.VALUE, bytes("a"))).isEqualTo(bytes("1"));
    assertThat(store.firstDue(DueClock.WALL)).containsExactly(due);
  }

  @Test
  void anOlderFolderGetsTheTablesThatCameLaterAndTheNewerFormat() throws Exception {
    assertThat(families()).containsExactlyElementsOf(FORMAT_1);
    try (ActorStore store = open()) {
      assertThat(store.incarnation()).isEqualTo(5);
      assertThat(store.shards()).isEqualTo(SHARDS);
      checkRows(store);
    }
    assertThat(families()).contains("alarm", "due");
    try (ActorStore store = open()) {
      assertThat(store.incarnation()).isEqualTo(6);
      checkRows(store);
    }
  }

  @Test
  void anUpgradeThatWasCutShortIsTakenUpByTheNextOpening() throws Exception {
    raw(
        FORMAT_1,
        false,
        (db, families) ->
            db.createColumnFamily(new ColumnFamilyDescriptor(bytes("alarm"))).close());
    try (ActorStore store = open()) {
      checkRows(store);
    }
  }

  @Test
  void aFolderOfThisFormatThatLacksATableIsDamaged() throws Exception {
    open().close();
    raw(
        families(),
        false,
        (db, families) -> {
          for (ColumnFamilyHandle family : families) {
            if (new String(family.getName(), StandardCharsets.UTF_8).equals("due")) {
              db.dropColumnFamily(family);
            }
          }
        });
    for (int i = 0; i < 2; i++) {
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(this::open)
          .withMessage(
              "the data folder %s is damaged: in rocksdb the table due is missing",
              folder.toRealPath());
    }
  }

  @Test
  void anOlderFolderThatLacksATableOfItsOwnIsDamaged() throws Exception {
    raw(FORMAT_1, false, (db, families) -> db.dropColumnFamily(families.get(3)));
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(this::open)
        .withMessageContaining("cannot be opened")
        .withMessageContaining("value");
  }
}
