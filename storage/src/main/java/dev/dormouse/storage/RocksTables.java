package dev.dormouse.storage;

import dev.dormouse.log.Log;
import dev.dormouse.storage.rows.Table;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.AbstractImmutableNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileReader;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.slf4j.Logger;

/**
 * The open engine, with a column family for each table and the default one for the {@link
 * FolderMeta}.
 *
 * <p>There is no prefix extractor: the part before a row key has no fixed length, and a filter over
 * the part that has one would not tell actors apart. Scans are bounded by keys instead, and point
 * reads use filters over whole keys.
 *
 * <p>When the engine falls behind with its background work, it slows writes down: at five full
 * memtables of a table, or 20 files that are not compacted. At six memtables or 36 files it stops
 * writes until it has caught up. Commits and their callers wait meanwhile, and none fails for it.
 *
 * <p>It owns native memory, which {@link #close} gives back. Any thread may call every method, but
 * {@link #reopen} and {@link #close} only while no other thread uses the engine.
 */
final class RocksTables implements AutoCloseable {
  private static final Logger log = Log.of(RocksTables.class);

  /** The size of a memtable. It is small, because most of a write's cost are cache misses in it. */
  private static final long MEMTABLE_BYTES = 8L << 20;

  private static final int MEMTABLES_MAX = 6;
  private static final double MEMTABLE_FILTER_RATIO = 0.05;
  private static final double FILTER_BITS_PER_KEY = 10;
  static final long WAL_BYTES_MAX = 64L << 20;
  private static final long BYTES_PER_SYNC = 1L << 20;
  private static final int TABLE_FORMAT = 6;

  private final Path folder;
  private final long blockCacheBytes;
  private final int openFilesMax;

  /** The open engine; null after {@link #close}, and after an attempt to reopen it that failed. */
  private volatile @Nullable Engine engine;

  /**
   * The native objects of one opening of the engine.
   *
   * @param tables the column families; some may be missing before {@link #complete}
   * @param owned all native objects, which are closed from the last to the first
   */
  private record Engine(
      RocksDB db,
      ColumnFamilyHandle meta,
      Map<Table, ColumnFamilyHandle> tables,
      ColumnFamilyOptions tableOptions,
      Recoveries recoveries,
      Deque<AbstractImmutableNativeReference> owned) {

    void close() {
      db.cancelAllBackgroundWork(true);
      closeAll(owned);
    }
  }

  private RocksTables(Path folder, long blockCacheBytes, int openFilesMax) {
    this.folder = folder;
    this.blockCacheBytes = blockCacheBytes;
    this.openFilesMax = openFilesMax;
    this.engine = openEngine();
  }

  /**
   * Opens the engine's folder, which is made if it is missing. In a folder of an older format the
   * later tables are missing until {@link #complete}.
   *
   * @param folder the engine's folder
   * @param blockCacheBytes the size of the cache of what was read, in bytes
   * @param openFilesMax the greatest number of tables that are kept open
   * @throws StoreOpenException if the folder is damaged
   */
  static RocksTables open(Path folder, long blockCacheBytes, int openFilesMax) {
    return new RocksTables(folder, blockCacheBytes, openFilesMax);
  }

  /**
   * Closes the engine and opens it again, with everything that was written. This is the way back
   * from an error from which the engine does not recover by itself.
   *
   * @throws StoreOpenException if the engine cannot be opened; it is closed then, every use throws
   *     a {@link NoFileHandlesException}, and this method may be called again
   */
  void reopen() {
    close();
    engine = openEngine();
  }

  private Engine openEngine() {
    boolean hasRows = hasRows(folder);
    boolean hasCurrent = Files.exists(folder.resolve("CURRENT"));
    if (hasRows && !hasCurrent) {
      // The engine would begin a new, empty database over the old one's files.
      throw new StoreOpenException(
          "the data folder " + folder + " is damaged: it has rows but no file CURRENT", null);
    }
    EngineLogs.check(folder).forEach(log::warn);
    EngineLibrary.load(parentOf(folder));
    if (hasCurrent) {
      checkSynced(folder);
    }
    Deque<AbstractImmutableNativeReference> owned = new ArrayDeque<>();
    try {
      List<String> present = hasCurrent ? familiesIn(folder) : List.of();
      return open(
          folder,
          present,
          options(!hasRows, openFilesMax).setDbWriteBufferSize(memtableBytes()),
          blockCacheBytes,
          owned);
    } catch (RocksDBException e) {
      closeAll(owned);
      throw new StoreOpenException(
          "the data folder "
              + folder
              + " cannot be opened: "
              + e.getMessage()
              + detailsOf(folder, e),
          e);
    } catch (RuntimeException | Error e) {
      closeAll(owned);
      throw e;
    }
  }

  /**
   * Checks that no synced write is missing, before the engine writes anything. Writes that the logs
   * do not have may be in tables already, which only the engine can tell.
   */
  private static void checkSynced(Path folder) {
    Path data = parentOf(folder);
    try {
      long synced = SyncedMark.readIn(data);
      if (synced == 0 || EngineLogs.lastWriteIn(folder) >= synced) {
        return;
      }
      long last;
      try (ReadTables tables =
          ReadTables.openAsItIs(folder, List.of(data, Scratch.temporaryFolder()))) {
        last = tables.lastWrite();
      } catch (StoreOpenException e) {
        return; // the opening for writing refuses it too, and says more
      }
      if (last < synced) {
        throw SyncedMark.lost(data, last, synced);
      }
    } catch (IOException e) {
      throw new StoreOpenException(
          "the data folder " + data + " cannot be read: " + FileTree.reasonOf(e), e);
    }
  }

  /**
   * Returns the limit of all memtables together, in bytes; 0 for no limit, where memory is ample.
   */
  private long memtableBytes() {
    return blockCacheBytes < StoreOptions.BLOCK_CACHE_BYTES_DEFAULT
        ? Math.max(2 * MEMTABLE_BYTES, blockCacheBytes)
        : 0;
  }

  /** Returns the folder that contains the engine's folder. */
  static Path parentOf(Path folder) {
    Path parent = folder.toAbsolutePath().getParent();
    return parent == null ? folder : parent;
  }

  private static Engine open(
      Path folder,
      List<String> present,
      DBOptions chosen,
      long blockCacheBytes,
      Deque<AbstractImmutableNativeReference> owned)
      throws RocksDBException {
    Cache cache = owned(owned, new LRUCache(blockCacheBytes));
    ColumnFamilyOptions tableOptions = owned(owned, tableOptions(cache, owned));
    Recoveries recoveries = owned(owned, new Recoveries());
    DBOptions options = owned(owned, chosen.setListeners(List.of(recoveries)));
    boolean mayMake = options.createIfMissing();

    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    for (String name : familiesToOpen(present, mayMake)) {
      families.add(descriptor(name, tableOptions));
    }
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    RocksDB db = owned(owned, RocksDB.open(options, folder.toString(), families, handles));
    handles.forEach(owned::push);

    ColumnFamilyHandle meta = handles.get(0);
    Map<Table, ColumnFamilyHandle> tables = new EnumMap<>(Table.class);
    for (Table table : Table.values()) {
      for (int i = 0; i < families.size(); i++) {
        if (nameOf(table).equals(new String(families.get(i).getName(), StandardCharsets.UTF_8))) {
          tables.put(table, handles.get(i));
        }
      }
    }
    return new Engine(db, meta, tables, tableOptions, recoveries, owned);
  }

  private static ColumnFamilyDescriptor descriptor(String name, ColumnFamilyOptions options) {
    return new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8), options);
  }

  /**
   * Makes the tables that a folder of a format does not have yet.
   *
   * @throws StoreOpenException if a table is missing that the format has, whose rows are lost
   */
  void complete(long format, DataFolder folder) throws RocksDBException {
    Engine engine = engine();
    Map<Table, ColumnFamilyHandle> tables = engine.tables;
    for (Table table : Table.values()) {
      if (tables.containsKey(table)) {
        continue;
      }
      if (table.sinceFormat() <= format) {
        throw new StoreOpenException(
            "the data folder "
                + folder
                + " is damaged: in rocksdb the table "
                + nameOf(table)
                + " is missing",
            null);
      }
      tables.put(
          table,
          owned(
              engine.owned,
              engine.db.createColumnFamily(descriptor(nameOf(table), engine.tableOptions))));
    }
  }

  private Engine engine() {
    Engine current = engine;
    if (current == null) {
      String why = "the store is closed until there are file handles for it";
      throw new NoFileHandlesException(why, new IOException(why));
    }
    return current;
  }

  RocksDB db() {
    return engine().db;
  }

  boolean isOpen() {
    return engine != null;
  }

  /** Returns the column family of the {@link FolderMeta}. */
  ColumnFamilyHandle meta() {
    return engine().meta;
  }

  /** Returns the column family of a table. */
  ColumnFamilyHandle of(Table table) {
    ColumnFamilyHandle handle = engine().tables.get(table);
    if (handle == null) {
      throw new AssertionError("every table was opened");
    }
    return handle;
  }

  /** Makes the engine write out its memory in the background. */
  void beginFlush() throws RocksDBException {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(false).setAllowWriteStall(true)) {
      engine().db.flush(flush, List.copyOf(engine().tables.values()));
    }
  }

  /** Returns how often the engine has recovered from an error by itself. */
  long recoveries() {
    return engine().recoveries.number();
  }

  @Override
  public void close() {
    Engine last = engine;
    engine = null;
    if (last != null) {
      last.close();
    }
  }

  private static <T extends AbstractImmutableNativeReference> T owned(
      Deque<AbstractImmutableNativeReference> owned, T object) {
    owned.push(object);
    return object;
  }

  private static void closeAll(Deque<AbstractImmutableNativeReference> owned) {
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
  }

  private static List<String> familiesIn(Path folder) throws RocksDBException {
    try (Options options = new Options()) {
      return RocksDB.listColumnFamilies(options, folder.toString()).stream()
          .map(name -> new String(name, StandardCharsets.UTF_8))
          .toList();
    }
  }

  /**
   * Returns the names of the column families to open: the default one first, then those of the
   * tables, then any that a newer version may have made. Tables that an older version did not make
   * are left out if they are missing and may not be made.
   */
  private static Set<String> familiesToOpen(List<String> present, boolean mayMake) {
    Set<String> names = new LinkedHashSet<>();
    names.add(new String(RocksDB.DEFAULT_COLUMN_FAMILY, StandardCharsets.UTF_8));
    for (Table table : Table.values()) {
      if (mayMake || table.sinceFormat() == 1) {
        names.add(nameOf(table));
      }
    }
    names.addAll(present);
    return names;
  }

  /** Returns the name of the column family of a table. */
  static String nameOf(Table table) {
    return switch (table) {
      case ACTOR -> "actor";
      case CONNECTION -> "connection";
      case VALUE -> "value";
      case ALARM -> "alarm";
      case DUE -> "due";
      case REQUEST -> "request";
      case OUTBOX -> "outbox";
      case INBOX -> "inbox";
    };
  }

  /**
   * Returns whether anything was ever written. The very first start may have been cut short before.
   * A folder that cannot be listed counts as one that has rows.
   */
  private static boolean hasRows(Path folder) {
    File[] files =
        folder
            .toFile()
            .listFiles(
                file ->
                    file.getName().endsWith(".sst")
                        || (file.getName().endsWith(".log") && file.length() > 0));
    return files == null ? folder.toFile().exists() : files.length > 0;
  }

  /**
   * Names the file that the engine refused, because its exception does not always name one. A
   * damaged table is found by a trial of each, and a log in the engine's own log of this opening.
   */
  private static String detailsOf(Path folder, RocksDBException cause) {
    Status status = cause.getStatus();
    if (status != null && status.getCode() == Status.Code.Corruption) {
      String table = damagedTable(folder);
      if (table != null) {
        return " (" + table + ")";
      }
      String refused = EngineLogs.refusedLog(folder);
      if (refused != null) {
        return " (" + refused + ")";
      }
    }
    try (Stream<String> lines = Files.lines(folder.resolve("LOG"))) {
      String path = folder + File.separator;
      return lines
          .filter(line -> line.contains("[WARN]") && line.contains(path))
          .map(line -> " (" + line.substring(line.indexOf(path) + path.length()) + ")")
          .findFirst()
          .orElse("");
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }

  /** Names the first file of a table that cannot be opened, with the reason; null if all can. */
  private static @Nullable String damagedTable(Path folder) {
    try (Stream<Path> files = Files.list(folder);
        Options options = new Options()) {
      for (Path file : files.filter(f -> f.toString().endsWith(".sst")).sorted().toList()) {
        try (SstFileReader table = new SstFileReader(options)) {
          table.open(file.toString());
        } catch (RocksDBException e) {
          return file.getFileName() + ": " + e.getMessage();
        }
      }
    } catch (IOException e) {
      log.debug("the tables in {} cannot be listed", folder, e);
    }
    return null;
  }

  /**
   * Returns the engine's options.
   *
   * @param mayMake whether missing tables are made; not where there are rows, because a table that
   *     is missing there was lost with its rows
   */
  private static DBOptions options(boolean mayMake, int openFilesMax) {
    return new DBOptions()
        .setCreateIfMissing(mayMake)
        .setCreateMissingColumnFamilies(mayMake)
        .setParanoidChecks(true)
        .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
        .setAtomicFlush(true)
        .setMaxOpenFiles(openFilesMax)
        .setMaxTotalWalSize(WAL_BYTES_MAX)
        .setMaxBackgroundJobs(2)
        .setBytesPerSync(BYTES_PER_SYNC)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setKeepLogFileNum(2)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0);
  }

  private static ColumnFamilyOptions tableOptions(
      Cache cache, Deque<AbstractImmutableNativeReference> owned) {
    BlockBasedTableConfig blocks =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setFilterPolicy(owned(owned, new BloomFilter(FILTER_BITS_PER_KEY, false)))
            .setWholeKeyFiltering(true)
            .setFormatVersion(TABLE_FORMAT)
            .setCacheIndexAndFilterBlocks(true)
            .setPinL0FilterAndIndexBlocksInCache(true);
    return new ColumnFamilyOptions()
        .setTableFormatConfig(blocks)
        .setMemtablePrefixBloomSizeRatio(MEMTABLE_FILTER_RATIO)
        .setMemtableWholeKeyFiltering(true)
        .setWriteBufferSize(MEMTABLE_BYTES)
        .setMaxWriteBufferNumber(MEMTABLES_MAX)
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        .setLevelCompactionDynamicLevelBytes(true);
  }

  /**
   * A counter of the engine's recoveries from errors.
   *
   * <p>It listens to no other event. A listener to the beginning of a recovery would call the
   * recovery off, for reasons that the engine's Java side does not know.
   */
  private static final class Recoveries extends AbstractEventListener {
    private final AtomicLong number = new AtomicLong();

    Recoveries() {
      super(EnabledEventCallback.ON_ERROR_RECOVERY_COMPLETED);
    }

    long number() {
      return number.get();
    }

    @Override
    public void onErrorRecoveryCompleted(Status from) {
      number.incrementAndGet();
    }
  }
}
