package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** Opens folders that earlier builds made, and folders that lack a part. */
class FolderFormatTest {
  private static final int SHARDS = 7;
  private static final List<String> FORMAT_1 = List.of("default", "actor", "connection", "value");
  private static final List<String> FORMAT_3 =
      List.of("default", "actor", "connection", "value", "alarm", "due");

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

  /** Makes a folder as the builds of a format made it, with one value. */
  private void makeFolder(long format, List<String> families) throws Exception {
    Files.createDirectories(folder.resolve("rocksdb"));
    raw(
        families,
        true,
        (db, handles) -> {
          putNumber(db, "format", format);
          putNumber(db, "shards", SHARDS);
          putNumber(db, "incarnation", 4);
          byte[] key = new RowKeys(SHARDS).encode(LOBBY, Table.VALUE, bytes("a"));
          db.put(handles.get(3), key, RowSeal.seal(key, bytes("1")));
        });
  }

  private NodeStore open() {
    return Stores.open(StoreOptions.in(folder).durability(Durability.WAL));
  }

  private List<String> families() throws Exception {
    try (Options options = new Options()) {
      return RocksDB.listColumnFamilies(options, folder.resolve("rocksdb").toString()).stream()
          .map(name -> new String(name, StandardCharsets.UTF_8))
          .toList();
    }
  }

  private static String refusal(String folder, long format) {
    return folder
        + " was written by an earlier build: it has format "
        + format
        + ", this build reads format 5, and nothing converts one to the other; use an empty data"
        + " folder, or the build that wrote this one";
  }

  @Test
  void aFolderOfAnEarlierFormatIsRefusedAndStaysAsItIs() throws Exception {
    makeFolder(1, FORMAT_1);
    for (int i = 0; i < 2; i++) {
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(this::open)
          .withMessage(refusal("the data folder " + folder.toRealPath(), 1));
    }
    assertThat(families()).containsExactlyElementsOf(FORMAT_1);
  }

  @Test
  void theFormatBeforeThisOneIsRefusedByReadersToo() throws Exception {
    makeFolder(3, FORMAT_3);
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(this::open)
        .withMessage(refusal("the data folder " + folder.toRealPath(), 3));
    List<String> faults = new ArrayList<>();
    try (StoredFolder stored = StoredFolder.open(folder)) {
      stored.verify(type -> null, faults::add, note -> {});
    }
    assertThat(faults)
        .containsExactly(refusal("the folder " + folder.toRealPath().resolve("rocksdb"), 3));
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
}
