package dev.dormouse.storage;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.DueIndex;
import dev.dormouse.storage.rows.HeldMark;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
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

/** The store in a data folder, built on RocksDB, which the comments call the engine. */
final class RocksActorStore implements NodeStore {

  /*
   * How the store works.
   *
   * An actor's rows are RocksDB rows, in one column family for each Table. RowKeys makes the stored
   * keys, so that the rows of an actor lie together and those of a shard lie together; the rows of
   * Table.DUE lie in the order of time instead. RowSeal puts a version and a checksum before each
   * value, and both are checked before anything decodes the value. FolderMeta keeps the numbers that
   * concern the folder as a whole in the default column family: its format, its number of shards,
   * the number of this opening, the run, and the epoch in which this opening owns all groups.
   *
   * Reading. A read runs on the caller's thread and goes straight to RocksTables, the open engine.
   * It sees what was committed, because a commit is written in one batch. A row that fails its
   * checksum makes a read of that one row fail, and is null in a read of many rows.
   *
   * Committing. The writes of one turn are one TurnBatch. StoredWrite turns them into stored keys
   * and values on the caller's thread, and GroupCommit puts them into a queue. One writer at a time
   * takes many batches from the queue, and EngineWriter writes them as one RocksDB batch. So all
   * turns that wait share one write and, with Durability.FSYNC, one fsync. The result of a commit
   * is completed only after that write, and nothing a turn says leaves the server before. A batch
   * whose epoch is not the one of this opening is fenced before it reaches the queue.
   *
   * Losing. A commit that was refused breaks its CommitChain: later commits of the chain were run
   * on state that is not on the disk, so they are refused too, until the actor has read its rows
   * again. A full disk and a want of file handles refuse commits and pass; EngineWriter knows when.
   * Every other failed write ends the process: nobody knows what the disk holds then, and a repeated
   * fsync may report success for bytes that were lost.
   *
   * Opening. DataFolder takes the folder's lock. EngineLogs looks for damage in the logs that
   * RocksDB would not notice, and SyncedMark tells whether a log lost commits that were synced.
   * Then the engine opens, and FolderMeta begins a run and an epoch, which are on the disk before
   * the first commit. The epoch fences the commits of every earlier opening.
   *
   * Closing. GroupCommit writes what it has, the gate waits for the reads that are under way, and
   * the engine syncs its log and closes. OpenGate guards every use of the engine, because a native
   * handle that is used after it was closed takes the process down.
   */

  private static final Logger log = Log.of(RocksActorStore.class);

  private static final CompletionStage<CommitResult> DONE =
      CompletableFuture.completedStage(CommitResult.DONE);

  private final Durability durability;
  private final DataFolder folder;
  private final RocksTables tables;
  private final RowKeys keys;
  private final FolderMeta meta;
  private final ShardGroups groups;
  private final HandleRoom handles;
  private final EngineWriter writer;
  private final GroupCommit commits;
  private final OpenGate gate = new OpenGate();
  private final ReentrantLock backups = new ReentrantLock();
  private final AtomicBoolean hasListener = new AtomicBoolean();

  private RocksActorStore(
      StoreOptions options, DataFolder folder, RocksTables tables, FolderMeta meta, DiskRoom room) {
    this.durability = options.durability();
    this.folder = folder;
    this.tables = tables;
    this.keys = new RowKeys(meta.shards());
    this.meta = meta;
    this.groups = ShardGroups.of(meta.shards());
    this.handles = HandleRoom.of(folder.engine());
    boolean isSynced = durability == Durability.FSYNC;
    this.writer =
        new EngineWriter(
            tables,
            isSynced ? SyncedMark.openIn(folder.path()) : null,
            room,
            handles,
            () -> gate.alone(tables::reopen),
            System::nanoTime);
    this.commits = new GroupCommit(writer, isSynced, options.onFatal());
  }

  /**
   * Opens a data folder.
   *
   * @throws StoreOpenException for the reasons that {@link Stores#open} lists
   */
  static RocksActorStore open(StoreOptions options) {
    return open(options, DiskRoom::of);
  }

  /** Opens a data folder, with a test's idea of the room on the disk of the engine's folder. */
  static RocksActorStore open(StoreOptions options, Function<File, DiskRoom> roomIn) {
    return open(options, roomIn, Surroundings::of);
  }

  /**
   * Opens a data folder, with a test's idea of the disk's room and of the surroundings.
   *
   * @param roomIn returns the room on the disk of the engine's folder
   * @param surroundings returns where the engine's folder is opened
   */
  static RocksActorStore open(
      StoreOptions options,
      Function<File, DiskRoom> roomIn,
      Function<Path, Surroundings> surroundings) {
    DataFolder folder = DataFolder.take(options.folder());
    RocksTables tables = null;
    try {
      folder.checkInService();
      Backups.sweep(folder);
      tables = RocksTables.open(folder.engine(), options.blockCacheBytes(), options.openFilesMax());
      FolderMeta meta =
          FolderMeta.begin(tables, folder, options.shards(), surroundings.apply(folder.engine()));
      DiskRoom room = roomIn.apply(folder.engine().toFile());
      return new RocksActorStore(options, folder, tables, meta, room);
    } catch (RuntimeException | Error e) {
      if (tables != null) {
        tables.close();
      }
      folder.close();
      throw e;
    }
  }

  @Override
  public long run() {
    return meta.run();
  }

  @Override
  public long epoch(int group) {
    Objects.checkIndex(group, groups.groups());
    return meta.epoch();
  }

  @Override
  public long epochOf(ActorId actor) {
    return meta.epoch(); // all groups are owned in one epoch
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
  public @Nullable HeldMark clockMark(int group) {
    Objects.checkIndex(group, groups.groups());
    long pass = gate.enter();
    try {
      ClockMark mark = FolderMeta.clockMark(tables, group);
      return mark == null ? null : HeldMark.own(mark); // only this folder's runs write to it
    } catch (RocksDBException e) {
      throw unreadable("the mark of the running clock", e);
    } finally {
      gate.leave(pass);
    }
  }

  @Override
  public void keep(int group, ClockMark mark) {
    Objects.checkIndex(group, groups.groups());
    long pass = gate.enter();
    try {
      String refusal = writer.refusalBeside();
      if (refusal != null) {
        throw new UncheckedIOException(
            "the mark of the running clock cannot be written: " + refusal,
            new IOException(refusal));
      }
      FolderMeta.keep(tables, group, mark);
    } catch (RocksDBException e) {
      throw new UncheckedIOException(
          "the mark of the running clock cannot be written: " + e.getMessage(), new IOException(e));
    } finally {
      gate.leave(pass);
    }
  }

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    if (batch.epoch() != meta.epoch()) {
      return fenced();
    }
    return commits.commit(batch.chain(), StoredWrite.of(batch, keys, RowSeal::seal));
  }

  @Override
  public void listen(OwnershipListener listener) {
    if (!hasListener.compareAndSet(false, true)) {
      throw new IllegalStateException("the store has a listener already");
    }
    for (int group = 0; group < groups.groups(); group++) {
      listener.onOwned(group, meta.epoch()); // no group is ever lost
    }
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long epoch) {
    Objects.checkIndex(group, groups.groups());
    gate.leave(gate.enter()); // throws if the store is closed
    return epoch == meta.epoch() ? DONE : fenced();
  }

  private CompletionStage<CommitResult> fenced() {
    return CompletableFuture.completedStage(new CommitResult.Fenced(meta.epoch()));
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

  @Override
  public void close() {
    commits.close(); // outside the lock, since a completion of a commit that calls this is refused
    synchronized (this) {
      if (!gate.close()) {
        return;
      }
      try {
        if (tables.isOpen()) {
          tables.db().syncWal();
          end();
        }
      } catch (RocksDBException e) {
        log.error(
            "the log of {} could not be synced at its closing; the last commits may not survive a"
                + " power cut",
            folder,
            e);
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
      log.warn(
          "the end of this opening of {} could not be noted; the next one will take it for a crash",
          folder,
          e);
    }
  }

  @Override
  public CommitCounts commitCounts() {
    return commits.counts();
  }

  @Override
  public @Nullable Thread committing() {
    return commits.writing();
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

  private RuntimeException unreadable(String what, RocksDBException e) {
    String message = what + " cannot be read: " + e.getMessage();
    if (handles.isWanting(e)) {
      return new NoFileHandlesException(message, new IOException(e));
    }
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Corruption
        ? new CorruptRowException(message, e)
        : new UncheckedIOException(message, new IOException(e));
  }
}
