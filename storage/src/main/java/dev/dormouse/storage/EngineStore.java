package dev.dormouse.storage;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.DueIndex;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;
import org.slf4j.Logger;

/**
 * What the stores in a data folder have in common: they read actors' rows from the open engine, and
 * take backups. How commits are kept is for each store to say.
 */
abstract class EngineStore implements NodeStore {
  private static final Logger log = Log.of(EngineStore.class);

  final DataFolder folder;
  final RocksTables tables;
  final RowKeys keys;
  final FolderMeta meta;
  final ShardGroups groups;
  final HandleRoom handles;
  final OpenGate gate = new OpenGate();
  private final ReentrantLock backups = new ReentrantLock();

  /**
   * Creates a store in an open folder.
   *
   * @param groups the groups of shards
   */
  EngineStore(DataFolder folder, RocksTables tables, FolderMeta meta, ShardGroups groups) {
    this.folder = folder;
    this.tables = tables;
    this.keys = new RowKeys(meta.shards());
    this.meta = meta;
    this.groups = groups;
    this.handles = HandleRoom.of(folder.engine());
  }

  /** Makes a store in a folder that is taken and whose engine is open. */
  interface Maker<S> {
    S make(DataFolder folder, RocksTables tables, FolderMeta meta, DiskRoom room);
  }

  /**
   * Opens a data folder.
   *
   * @param replication the node of a cluster that opens the folder; null for a server that runs
   *     alone
   * @param roomIn returns the room on the disk of the engine's folder
   * @param surroundings returns where the engine's folder is opened
   * @throws StoreOpenException for the reasons that {@link Stores#open} lists
   */
  static <S> S open(
      StoreOptions options,
      @Nullable Replication replication,
      Function<File, DiskRoom> roomIn,
      Function<Path, Surroundings> surroundings,
      Maker<S> maker) {
    DataFolder folder = DataFolder.take(options.folder());
    RocksTables tables = null;
    try {
      folder.checkInService();
      Backups.sweep(folder);
      tables = RocksTables.open(folder.engine(), options.blockCacheBytes(), options.openFilesMax());
      FolderMeta meta =
          FolderMeta.begin(
              tables, folder, options.shards(), replication, surroundings.apply(folder.engine()));
      DiskRoom room = roomIn.apply(folder.engine().toFile());
      return maker.make(folder, tables, meta, room);
    } catch (RuntimeException | Error e) {
      if (tables != null) {
        tables.close();
      }
      folder.close();
      throw e;
    }
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
  public List<Row> scan(ActorId actor, Table table, KeySpan wanted, int limit) {
    return read(
        actor,
        table,
        wanted,
        limit,
        (storedKey, rowKey, rows) -> new Row(rowKey, RowSeal.open(storedKey, rows.value())),
        Row::bytes);
  }

  @Override
  public List<byte[]> keys(ActorId actor, Table table, KeySpan wanted, int limit) {
    return read(actor, table, wanted, limit, (storedKey, rowKey, rows) -> rowKey, rowKey -> 0);
  }

  private <R> List<R> read(
      ActorId actor,
      Table table,
      KeySpan wanted,
      int limit,
      ActorRowReader<R> row,
      ToLongFunction<R> bytesOf) {
    ActorStore.checkLimit(limit);
    RowKeys.StoredSpan span = keys.encode(actor, table, wanted);
    return read(
        table,
        nameOf(actor, table),
        span,
        wanted.isReversed(),
        limit,
        rows -> {
          byte[] storedKey = rows.key();
          byte[] rowKey = Arrays.copyOfRange(storedKey, span.rowKeyAt(), storedKey.length);
          return row.read(storedKey, rowKey, rows);
        },
        bytesOf);
  }

  /** Makes the result of the row of an actor at which the engine's iterator stands. */
  private interface ActorRowReader<R> {
    R read(byte[] storedKey, byte[] rowKey, RocksIterator rows);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    return scan(table, 0, groups.shards(), after, limit);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit) {
    return scan(table, groups.first(group), groups.end(group), after, limit);
  }

  private List<PlacedRow> scan(
      Table table, int firstShard, int endShard, @Nullable PlacedRow after, int limit) {
    ActorStore.checkLimit(limit);
    RowKeys.StoredSpan span = RowKeys.ofShards(table, firstShard, endShard);
    byte[] from = span.from();
    if (after != null) {
      byte[] last = keys.encode(after.actor(), table, after.key());
      from = Arrays.copyOf(last, last.length + 1); // the least key behind the last
    }
    return read(
        table,
        "table " + table,
        new RowKeys.StoredSpan(from, span.to(), 0),
        false,
        limit,
        rows -> {
          byte[] storedKey = rows.key();
          RowKeys.Place place = keys.decode(table, storedKey);
          return new PlacedRow(
              place.actor(), place.rowKey(), RowSeal.open(storedKey, rows.value()));
        },
        PlacedRow::bytes);
  }

  @Override
  public ShardGroups groups() {
    return groups;
  }

  @Override
  public int shardOf(ActorId actor) {
    return keys.shardOf(actor);
  }

  @Override
  public List<DueAlarm> firstDue(DueClock clock) {
    long pass = gate.enter();
    try (ReadOptions options = new ReadOptions().setTotalOrderSeek(true);
        RocksIterator rows = tables.db().newIterator(tables.of(Table.DUE), options)) {
      List<DueAlarm> found =
          DueIndex.first(
              keys,
              clock,
              key -> {
                rows.seek(key);
                return rows.isValid() ? rows.key() : null;
              });
      rows.status();
      return found;
    } catch (RocksDBException e) {
      throw unreadable("table " + Table.DUE, e);
    } finally {
      gate.leave(pass);
    }
  }

  @Override
  public List<DueAlarm> due(
      DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
    ActorStore.checkLimit(limit);
    byte[] from = DueIndex.from(keys, clock, shard, fromMs, after);
    List<DueAlarm> found = new ArrayList<>();
    long pass = gate.enter();
    try (Slice upper = new Slice(RowKeys.endOfDue(shard, clock));
        ReadOptions options =
            new ReadOptions().setTotalOrderSeek(true).setIterateUpperBound(upper);
        RocksIterator rows = tables.db().newIterator(tables.of(Table.DUE), options)) {
      for (rows.seek(from); rows.isValid() && found.size() < limit; rows.next()) {
        DueAlarm alarm = DueIndex.readable(keys, rows.key());
        if (alarm != null) {
          found.add(alarm);
        }
      }
      rows.status();
      return found;
    } catch (RocksDBException e) {
      throw unreadable("table " + Table.DUE + ", shard " + shard, e);
    } finally {
      gate.leave(pass);
    }
  }

  @Override
  public BackupReport backup(Path to, Instant at) {
    Path target = Backups.checkedTarget(folder.path(), to);
    if (!backups.tryLock()) {
      throw new BackupException(
          "another backup of " + folder + " is being taken; try again when it is done", null);
    }
    try {
      Path checkpoint;
      long pass = gate.enter();
      try {
        checkpoint = Backups.checkpoint(tables.db(), folder);
      } finally {
        gate.leave(pass);
      }
      return Backups.finish(checkpoint, target, at, handles);
    } finally {
      backups.unlock();
    }
  }

  /**
   * Reads the rows of a span of stored keys, in their order or reversed.
   *
   * @param what the rows' name, for the message if they cannot be read
   * @param row makes the result of the row at which the iterator stands
   * @param bytesOf counts the bytes of a result toward {@link #READ_BYTES_MAX}
   */
  private <R> List<R> read(
      Table table,
      String what,
      RowKeys.StoredSpan span,
      boolean isReversed,
      int limit,
      Function<RocksIterator, R> row,
      ToLongFunction<R> bytesOf) {
    if (span.isEmpty()) {
      return List.of();
    }
    List<R> found = new ArrayList<>();
    long bytes = 0;
    long pass = gate.enter();
    try (Slice lower = new Slice(span.from());
        Slice upper = new Slice(span.to());
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
        R next = row.apply(rows);
        found.add(next);
        bytes += bytesOf.applyAsLong(next);
        if (found.size() == limit || bytes >= READ_BYTES_MAX) {
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

  RuntimeException unreadable(String what, RocksDBException e) {
    String message = what + " cannot be read: " + e.getMessage();
    if (handles.isWanting(e)) {
      return new NoFileHandlesException(message, new IOException(e));
    }
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Corruption
        ? new CorruptRowException(message, e)
        : new UncheckedIOException(message, new IOException(e));
  }

  /** Reads how an opening of this folder ended. */
  Ending endingOfOpening(long opening) {
    long pass = gate.enter();
    try {
      return FolderMeta.endingOf(tables, opening);
    } catch (RocksDBException e) {
      throw unreadable("how opening " + opening + " ended", e);
    } finally {
      gate.leave(pass);
    }
  }

  /** Reads the mark of a group's running clock that was kept last; null if none was kept. */
  @Nullable ClockMark storedMark(int group) {
    Objects.checkIndex(group, groups.groups());
    long pass = gate.enter();
    try {
      return FolderMeta.clockMark(tables, group);
    } catch (RocksDBException e) {
      throw unreadable("the mark of the running clock", e);
    } finally {
      gate.leave(pass);
    }
  }

  /** Notes that this opening was closed, so that the next one does not take it for a crash. */
  void end() {
    try {
      meta.end(tables);
    } catch (RocksDBException e) {
      log.warn(
          "the end of this opening of {} could not be noted; the next one will take it for a crash",
          folder,
          e);
    }
  }
}
