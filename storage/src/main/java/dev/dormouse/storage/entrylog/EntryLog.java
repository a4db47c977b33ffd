package dev.dormouse.storage.entrylog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompressionType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The logs of all groups on this node's disk. Every change is one synced write, and the engine
 * gathers the changes of several groups into one fsync.
 *
 * <p>Keys: type (1), group (2), index (8), big-endian. The types are an entry, a copy of an entry
 * that changes the members, and the first index of a group's log.
 *
 * <p><b>Failure.</b> After an error of the disk nobody knows what it holds, and a repeated fsync
 * may lie. So the callback is told, which must end the process, and every later call throws.
 *
 * <p>Any thread may call every method, but only one at a time may change the log of a group.
 */
public final class EntryLog implements AutoCloseable {
  private static final byte ENTRY = 'E';
  private static final byte MEMBERS = 'M';
  private static final byte FIRST = 'F';

  private static final long MEMTABLE_BYTES = 16L << 20;
  private static final long WAL_BYTES_MAX = 128L << 20;

  /** An entry to append. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record Row(long index, byte[] bytes, boolean changesMembers) {}

  private final Path folder;
  private final Consumer<Throwable> onFatal;
  private final Options options;
  private final WriteOptions synced;
  private final RocksDB db;

  /** Held for reading by users of the engine, and for writing by the end. */
  private final ReadWriteLock gate = new ReentrantReadWriteLock();

  private volatile boolean isClosed;
  private volatile @Nullable Throwable failure;

  private EntryLog(Path folder, Consumer<Throwable> onFatal) throws RocksDBException {
    this.folder = folder;
    this.onFatal = onFatal;
    this.options =
        new Options()
            .setCreateIfMissing(true)
            .setParanoidChecks(true)
            // The default drops entries behind a damaged record without a word.
            .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
            .setWriteBufferSize(MEMTABLE_BYTES)
            .setMaxWriteBufferNumber(4)
            .setMaxTotalWalSize(WAL_BYTES_MAX)
            .setMaxOpenFiles(64)
            .setMaxBackgroundJobs(2)
            .setCompressionType(CompressionType.LZ4_COMPRESSION)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(2)
            .setStatsDumpPeriodSec(0)
            .setStatsPersistPeriodSec(0);
    this.synced = new WriteOptions().setSync(true);
    try {
      this.db = RocksDB.open(options, folder.toString());
    } catch (RocksDBException e) {
      synced.close();
      options.close();
      throw e;
    }
  }

  /**
   * Opens the logs in a folder, which is made if it is missing. The engine's library must be
   * loaded.
   *
   * @param onFatal called after the first error of the disk, by the thread that met it; it must end
   *     the process
   * @throws UncheckedIOException if the folder cannot be made or opened, or is damaged
   */
  public static EntryLog open(Path folder, Consumer<Throwable> onFatal) {
    try {
      Path made = Files.createDirectories(folder);
      return new EntryLog(made, onFatal);
    } catch (IOException e) {
      throw new UncheckedIOException("the log in " + folder + " cannot be opened", e);
    } catch (RocksDBException e) {
      throw new UncheckedIOException(
          "the log in " + folder + " cannot be opened: " + e.getMessage(), new IOException(e));
    }
  }

  /** Returns the log of a group, 0 to 65,535. */
  public Group group(int number) {
    return new Group(number);
  }

  @Override
  public void close() {
    gate.writeLock().lock();
    try {
      if (!isClosed) {
        isClosed = true;
        db.close();
        synced.close();
        options.close();
      }
    } finally {
      gate.writeLock().unlock();
    }
  }

  private interface Use<T> {
    T with(RocksDB db) throws RocksDBException;
  }

  private <T> T use(Use<T> use) {
    gate.readLock().lock();
    try {
      Throwable failed = failure;
      if (failed != null) {
        throw new IllegalStateException("the log in " + folder + " has failed", failed);
      }
      if (isClosed) {
        throw new IllegalStateException("the log in " + folder + " is closed");
      }
      return use.with(db);
    } catch (RocksDBException e) {
      failure = e;
      onFatal.accept(e);
      throw new UncheckedIOException(
          "the log in " + folder + " has failed: " + e.getMessage(), new IOException(e));
    } finally {
      gate.readLock().unlock();
    }
  }

  /** The log of one group. */
  public final class Group {
    private final short number;

    /** The least index that the log has or will have. */
    private volatile long first;

    private Group(int number) {
      this.number = (short) number;
      this.first =
          use(
              db -> {
                byte[] stored = db.get(key(FIRST, 0));
                return stored == null ? 1 : ByteBuffer.wrap(stored).getLong();
              });
    }

    private byte[] key(byte type, long index) {
      return ByteBuffer.allocate(1 + Short.BYTES + Long.BYTES)
          .put(type)
          .putShort(number)
          .putLong(index)
          .array();
    }

    /** Returns the least index that the log has; the next index if it has none. */
    public long first() {
      return first;
    }

    /** Returns the greatest index that the log has; one less than the first if it has none. */
    public long last() {
      return use(
          db -> {
            try (Slice lower = new Slice(key(ENTRY, first));
                Slice upper = new Slice(key(ENTRY, -1L)); // the greatest of unsigned numbers
                ReadOptions bounds =
                    new ReadOptions().setIterateLowerBound(lower).setIterateUpperBound(upper);
                RocksIterator rows = db.newIterator(bounds)) {
              rows.seekToLast();
              rows.status();
              return rows.isValid() ? indexOf(rows.key()) : first - 1;
            }
          });
    }

    private static long indexOf(byte[] key) {
      return ByteBuffer.wrap(key).getLong(1 + Short.BYTES);
    }

    /** Reads an entry; returns null if the log does not have it. */
    public byte @Nullable [] get(long index) {
      return index < first ? null : use(db -> db.get(key(ENTRY, index)));
    }

    /** Reads the entries that change the members, in order. */
    public List<byte[]> membersChanges() {
      return use(
          db -> {
            List<byte[]> found = new ArrayList<>();
            try (Slice lower = new Slice(key(MEMBERS, first));
                Slice upper = new Slice(key(MEMBERS, -1L));
                ReadOptions bounds =
                    new ReadOptions().setIterateLowerBound(lower).setIterateUpperBound(upper);
                RocksIterator rows = db.newIterator(bounds)) {
              for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                found.add(rows.value());
              }
              rows.status();
            }
            return found;
          });
    }

    /** Appends entries, all or none, which are on the disk when this method returns. */
    public void append(List<Row> rows) {
      write(
          batch -> {
            for (Row row : rows) {
              put(batch, row);
            }
          });
    }

    private void put(WriteBatch batch, Row row) throws RocksDBException {
      batch.put(key(ENTRY, row.index()), row.bytes());
      if (row.changesMembers()) {
        batch.put(key(MEMBERS, row.index()), row.bytes());
      }
    }

    /** Removes all entries before an index, which becomes the first. */
    public void removeBefore(long index) {
      write(
          batch -> {
            batch.put(key(FIRST, 0), ByteBuffer.allocate(Long.BYTES).putLong(index).array());
            for (byte type : new byte[] {ENTRY, MEMBERS}) {
              batch.deleteRange(key(type, 0), key(type, index));
            }
          });
      first = index;
    }

    /** Removes all entries after an index. */
    public void removeAfter(long index) {
      write(
          batch -> {
            for (byte type : new byte[] {ENTRY, MEMBERS}) {
              batch.deleteRange(key(type, index + 1), key(type, -1L));
            }
          });
    }

    /** Removes all entries, and begins again with one. */
    public void reset(Row row) {
      write(
          batch -> {
            for (byte type : new byte[] {ENTRY, MEMBERS}) {
              batch.deleteRange(key(type, 0), key(type, -1L));
            }
            batch.put(key(FIRST, 0), ByteBuffer.allocate(Long.BYTES).putLong(row.index()).array());
            put(batch, row);
          });
      first = row.index();
    }

    private interface Fill {
      void fill(WriteBatch batch) throws RocksDBException;
    }

    private void write(Fill fill) {
      boolean unused =
          use(
              db -> {
                try (WriteBatch batch = new WriteBatch()) {
                  fill.fill(batch);
                  db.write(synced, batch);
                }
                return true;
              });
    }
  }
}
