package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in a folder, kept by RocksDB. Reads go to the engine on the caller's thread; commits go
 * through {@link GroupCommit}.
 */
final class RocksActorStore implements ActorStore {
  private static final Logger log = LoggerFactory.getLogger(RocksActorStore.class);

  private final Durability durability;
  private final DataFolder folder;
  private final RocksTables tables;
  private final RowKeys keys;
  private final FolderMeta meta;
  private final long incarnation;
  private final EngineWriter writer;
  private final GroupCommit commits;
  private final OpenGate gate = new OpenGate();
  private final ReentrantLock backups = new ReentrantLock();

  private RocksActorStore(
      StoreOptions options, DataFolder folder, RocksTables tables, FolderMeta meta, DiskRoom room) {
    this.durability = options.durability();
    this.folder = folder;
    this.tables = tables;
    this.keys = new RowKeys(meta.shards());
    this.meta = meta;
    this.incarnation = meta.incarnation();
    boolean isSynced = durability == Durability.FSYNC;
    this.writer = new EngineWriter(tables, isSynced, room, System::nanoTime);
    this.commits = new GroupCommit(writer, isSynced, options.onFatal());
  }

  /**
   * Opens a folder.
   *
   * @throws StoreOpenException as {@link Stores#open} says
   */
  static RocksActorStore open(StoreOptions options) {
    return open(options, DiskRoom::of);
  }

  /** How the room in a folder is told. */
  interface RoomOf {
    DiskRoom of(Path folder) throws IOException;
  }

  /** The same, with another idea of how much of the disk may be used. */
  static RocksActorStore open(StoreOptions options, RoomOf roomOf) {
    return open(options, roomOf, Surroundings::of);
  }

  /** The same, with other surroundings; both are told of the engine's folder. */
  static RocksActorStore open(
      StoreOptions options, RoomOf roomOf, Function<Path, Surroundings> surroundings) {
    DataFolder folder = DataFolder.take(options.folder());
    RocksTables tables = null;
    try {
      folder.checkInService();
      Backups.sweep(folder);
      tables = RocksTables.open(folder.engine(), options.blockCacheBytes());
      FolderMeta meta =
          FolderMeta.begin(tables, folder, options.shards(), surroundings.apply(folder.engine()));
      return new RocksActorStore(options, folder, tables, meta, roomOf.of(folder.engine()));
    } catch (IOException e) {
      tables.close();
      folder.close();
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be used: its free space is not told", e);
    } catch (RuntimeException | Error e) {
      if (tables != null) {
        tables.close();
      }
      folder.close();
      throw e;
    }
  }

  @Override
  public long incarnation() {
    return incarnation;
  }

  @Override
  public Ending endingOf(long earlier) {
    long pass = gate.enter();
    try {
      return FolderMeta.endingOf(tables, earlier);
    } catch (RocksDBException e) {
      throw unreadable("how opening " + earlier + " ended", e);
    } finally {
      gate.leave(pass);
    }
  }

  @Override
  public Durability durability() {
    return durability;
  }

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    byte[] storedKey = keys.encode(actor, table, key);
    byte[] value;
    long pass = gate.enter();
    try {
      value = tables.db().get(tables.of(table), storedKey);
    } catch (RocksDBException e) {
      throw unreadable(nameOf(actor, table) + ", key " + RowKeys.hex(key), e);
    } finally {
      gate.leave(pass);
    }
    return value == null ? null : open(actor, table, key, storedKey, value);
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    MemoryActorStore.checkLimit(limit);
    byte[] from = keys.encode(actor, table, span.from());
    byte[] to = span.to() == null ? keys.endOf(actor, table) : keys.encode(actor, table, span.to());
    int rowKeyAt = from.length - span.from().length;
    List<Row> rows = new ArrayList<>();
    for (Stored stored : read(table, nameOf(actor, table), from, to, span.isReversed(), limit)) {
      byte[] rowKey = Arrays.copyOfRange(stored.key(), rowKeyAt, stored.key().length);
      rows.add(new Row(rowKey, RowSeal.open(stored.key(), stored.value())));
    }
    return rows;
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    MemoryActorStore.checkLimit(limit);
    byte[] from = {table.code()};
    if (after != null) {
      byte[] last = keys.encode(after.actor(), table, after.key());
      from = Arrays.copyOf(last, last.length + 1); // the least key behind the last
    }
    List<PlacedRow> rows = new ArrayList<>();
    for (Stored stored : read(table, "table " + table, from, RowKeys.endOf(table), false, limit)) {
      RowKeys.Place place = keys.decode(table, stored.key());
      byte[] value = RowSeal.open(stored.key(), stored.value());
      rows.add(new PlacedRow(place.actor(), place.rowKey(), value));
    }
    return rows;
  }

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    if (batch.epoch() != incarnation) {
      return CompletableFuture.completedStage(new CommitResult.Fenced(incarnation));
    }
    List<StoredWrite> writes = new ArrayList<>(batch.writes().size());
    for (TurnBatch.Write write : batch.writes()) {
      byte[] storedKey = keys.encode(batch.actor(), write.table(), write.key());
      byte[] value = write.value();
      writes.add(
          new StoredWrite(
              write.table(), storedKey, value == null ? null : RowSeal.seal(storedKey, value)));
    }
    return commits.commit(batch.chain(), writes);
  }

  @Override
  public BackupReport backup(Path to, Instant at) {
    Path target = Backups.checkedTarget(folder.path(), to);
    if (!backups.tryLock()) {
      throw new BackupException("a backup is being taken already", null);
    }
    try {
      Path checkpoint;
      long pass = gate.enter();
      try {
        checkpoint = Backups.checkpoint(tables.db(), folder);
      } finally {
        gate.leave(pass);
      }
      return Backups.finish(checkpoint, target, at);
    } finally {
      backups.unlock();
    }
  }

  @Override
  public void close() {
    commits.close(); // not under the lock: the completion of a commit may call this, and is refused
    synchronized (this) {
      if (!gate.close()) {
        return;
      }
      try {
        tables.db().syncWal();
        end();
      } catch (RocksDBException e) {
        log.error("the last commits in {} may not survive a power cut", folder, e);
      } finally {
        writer.close();
        tables.close();
        folder.close();
      }
    }
  }

  private void end() {
    try {
      meta.end(tables);
    } catch (RocksDBException e) {
      log.warn("the next opening of {} will not know that this one was closed", folder, e);
    }
  }

  /** For tests: how well commits were gathered. */
  GroupCommit commits() {
    return commits;
  }

  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  private record Stored(byte[] key, byte[] value) {}

  private List<Stored> read(
      Table table, String what, byte[] from, byte[] to, boolean isReversed, int limit) {
    if (Arrays.compareUnsigned(from, to) >= 0) {
      return List.of();
    }
    List<Stored> found = new ArrayList<>();
    long pass = gate.enter();
    try (Slice lower = new Slice(from);
        Slice upper = new Slice(to);
        ReadOptions options =
            new ReadOptions()
                .setTotalOrderSeek(true)
                .setIterateLowerBound(lower)
                .setIterateUpperBound(upper);
        RocksIterator rows = tables.db().newIterator(tables.of(table), options)) {
      if (isReversed) {
        rows.seekToLast();
      } else {
        rows.seekToFirst();
      }
      while (rows.isValid()) {
        found.add(new Stored(rows.key(), rows.value()));
        if (found.size() == limit) {
          break;
        }
        if (isReversed) {
          rows.prev();
        } else {
          rows.next();
        }
      }
      rows.status(); // an iterator ends at an error as it ends at the last row
    } catch (RocksDBException e) {
      throw unreadable(what, e);
    } finally {
      gate.leave(pass);
    }
    return found;
  }

  private static byte[] open(
      ActorId actor, Table table, byte[] rowKey, byte[] storedKey, byte[] value) {
    byte[] payload = RowSeal.open(storedKey, value);
    if (payload == null) {
      throw new CorruptRowException(faultOf(actor, table, rowKey, value), null);
    }
    return payload;
  }

  private static String faultOf(ActorId actor, Table table, byte[] rowKey, byte[] value) {
    return nameOf(actor, table)
        + ", key "
        + RowKeys.hex(rowKey)
        + ": the stored value "
        + RowSeal.faultOf(value);
  }

  private static String nameOf(ActorId actor, Table table) {
    return "actor " + actor + ", table " + table;
  }

  private static RuntimeException unreadable(String what, RocksDBException e) {
    String message = what + " cannot be read: " + e.getMessage();
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Corruption
        ? new CorruptRowException(message, e)
        : new UncheckedIOException(message, new IOException(e));
  }
}
