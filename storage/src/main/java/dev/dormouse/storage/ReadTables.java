package dev.dormouse.storage;

import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractImmutableNativeReference;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.LiveFileMetaData;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.SstFileReader;
import org.rocksdb.WALRecoveryMode;

/**
 * The engine, opened for reading only. Nothing in its folder is changed: the writes in its log,
 * which an ordinary opening writes out to tables, are kept in memory.
 *
 * <p>It owns native memory, which {@link #close} gives back; no other method may be called after
 * it. One thread at a time may use it.
 */
final class ReadTables implements AutoCloseable {
  /** The most tables that are open: a folder may have more than the process may have open files. */
  private static final int OPEN_FILES_MAX = 64;

  private final RocksDB db;
  private final RowKeys keys;
  private final Map<Table, ColumnFamilyHandle> tables;
  private final Scratch logs;

  /** The native objects, which are closed from the last to the first. */
  private final Deque<AbstractImmutableNativeReference> owned;

  private ReadTables(
      RocksDB db,
      RowKeys keys,
      Map<Table, ColumnFamilyHandle> tables,
      Scratch logs,
      Deque<AbstractImmutableNativeReference> owned) {
    this.db = db;
    this.keys = keys;
    this.tables = tables;
    this.logs = logs;
    this.owned = owned;
  }

  /**
   * Opens the engine's folder. The engine's library must be loaded.
   *
   * @param scratchBases where the engine may log, the best place first
   * @throws StoreOpenException if the folder is damaged, or commits that were synced are missing
   */
  static ReadTables open(Path folder, List<Path> scratchBases) {
    ReadTables tables = openAsItIs(folder, scratchBases);
    try {
      Path data = RocksTables.parentOf(folder);
      long synced = SyncedMark.readIn(data);
      if (tables.lastWrite() < synced) {
        throw SyncedMark.lost(data, tables.lastWrite(), synced);
      }
      return tables;
    } catch (IOException e) {
      tables.close();
      throw new StoreOpenException(
          "the folder " + folder + " cannot be opened: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      tables.close();
      throw e;
    }
  }

  /**
   * Opens the engine's folder like {@link #open}, even if commits that were synced are missing.
   *
   * @throws StoreOpenException if the folder is damaged
   */
  static ReadTables openAsItIs(Path folder, List<Path> scratchBases) {
    EngineLogs.check(folder);
    Deque<AbstractImmutableNativeReference> owned = new ArrayDeque<>();
    Scratch logs = null;
    try {
      logs = Scratch.in(scratchBases);
      return open(folder, logs, owned);
    } catch (RocksDBException | IOException e) {
      release(owned, logs);
      throw new StoreOpenException(
          "the folder " + folder + " cannot be opened: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      release(owned, logs);
      throw e;
    }
  }

  private static ReadTables open(
      Path folder, Scratch logs, Deque<AbstractImmutableNativeReference> owned)
      throws RocksDBException {
    ColumnFamilyOptions tableOptions = new ColumnFamilyOptions();
    owned.push(tableOptions);
    DBOptions options =
        new DBOptions()
            .setParanoidChecks(true)
            .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
            .setMaxOpenFiles(OPEN_FILES_MAX)
            .setDbLogDir(logs.path().toString());
    owned.push(options);
    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    try (Options listing = new Options()) {
      for (byte[] name : RocksDB.listColumnFamilies(listing, folder.toString())) {
        families.add(new ColumnFamilyDescriptor(name, tableOptions));
      }
    }
    if (families.stream()
        .noneMatch(family -> Arrays.equals(family.getName(), RocksDB.DEFAULT_COLUMN_FAMILY))) {
      throw new StoreOpenException(
          "the folder " + folder + " is damaged: its list of tables cannot be read", null);
    }
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    RocksDB db = RocksDB.openReadOnly(options, folder.toString(), families, handles);
    owned.push(db);
    handles.forEach(owned::push);
    Map<String, ColumnFamilyHandle> byName = new HashMap<>();
    for (int i = 0; i < handles.size(); i++) {
      byName.put(text(families.get(i).getName()), handles.get(i));
    }
    Map<Table, ColumnFamilyHandle> tables = new EnumMap<>(Table.class);
    for (Table table : Table.values()) {
      ColumnFamilyHandle handle = byName.get(RocksTables.nameOf(table));
      if (handle != null) {
        tables.put(table, handle);
      }
    }
    ColumnFamilyHandle meta = byName.get(text(RocksDB.DEFAULT_COLUMN_FAMILY));
    if (meta == null) {
      throw new AssertionError("an engine always has its default family");
    }
    return new ReadTables(db, keysOf(folder, db, meta), tables, logs, owned);
  }

  private static RowKeys keysOf(Path folder, RocksDB db, ColumnFamilyHandle meta)
      throws RocksDBException {
    Long format = FolderMeta.number(db, meta, FolderMeta.FORMAT_KEY);
    Long shards = FolderMeta.number(db, meta, FolderMeta.SHARDS_KEY);
    if (format == null || shards == null || shards < 1 || shards > RowKeys.SHARDS_MAX) {
      throw new StoreOpenException(
          "the folder " + folder + " is damaged: its format or number of shards cannot be read",
          null);
    }
    FolderMeta.checkFormat(format, "the folder " + folder);
    return new RowKeys(shards.intValue());
  }

  /** Returns the number of the last write that the folder has. */
  long lastWrite() {
    return db.getLatestSequenceNumber();
  }

  /** Returns the keys of the folder's rows. */
  RowKeys keys() {
    return keys;
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }

  /** Returns the tables that the folder has; a folder of an older format lacks the later ones. */
  List<Table> tables() {
    return List.copyOf(tables.keySet());
  }

  /** Returns the stored value under a stored key; null if there is none. */
  byte @Nullable [] get(Table table, byte[] key) throws RocksDBException {
    return db.get(handle(table), key);
  }

  private ColumnFamilyHandle handle(Table table) {
    ColumnFamilyHandle handle = tables.get(table);
    if (handle == null) {
      throw new IllegalArgumentException("there is no table " + table);
    }
    return handle;
  }

  /**
   * A row as the engine keeps it.
   *
   * @param key the stored key
   * @param value the stored value, which is sealed
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Stored(byte[] key, byte[] value) {}

  /** A walk over the rows of a table, in the order of their stored keys. */
  final class Cursor implements AutoCloseable {
    private final ReadOptions options;
    private final RocksIterator rows;

    private Cursor(Table table, byte[] from) {
      options = new ReadOptions().setTotalOrderSeek(true).setVerifyChecksums(true);
      rows = db.newIterator(handle(table), options);
      rows.seek(from);
    }

    /**
     * Returns the row at which the walk stands; null after the last row.
     *
     * @throws RocksDBException if the engine cannot go on
     */
    @Nullable Stored row() throws RocksDBException {
      if (rows.isValid()) {
        return new Stored(rows.key(), rows.value());
      }
      rows.status(); // an iterator ends at an error as it ends at the last row
      return null;
    }

    void next() {
      rows.next();
    }

    @Override
    public void close() {
      rows.close();
      options.close();
    }
  }

  /** Begins a walk over a table at the least stored key that is not less than {@code from}. */
  Cursor cursor(Table table, byte[] from) {
    return new Cursor(table, from);
  }

  /** Returns the files that hold rows. */
  List<LiveFileMetaData> files() {
    return db.getLiveFilesMetaData();
  }

  /**
   * Checks the checksums of the blocks of a file that holds rows.
   *
   * @return the fault; null if there is none
   */
  static @Nullable String faultOf(Path file) {
    try (Options options = new Options();
        SstFileReader reader = new SstFileReader(options)) {
      reader.open(file.toString());
      reader.verifyChecksum();
      return null;
    } catch (RocksDBException e) {
      return e.getMessage();
    }
  }

  static String fileName(LiveFileMetaData file) {
    return file.fileName().replaceFirst("^/", "");
  }

  @Override
  public void close() {
    release(owned, logs);
  }

  private static void release(
      Deque<AbstractImmutableNativeReference> owned, @Nullable Scratch logs) {
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
    if (logs != null) {
      logs.close();
    }
  }
}
