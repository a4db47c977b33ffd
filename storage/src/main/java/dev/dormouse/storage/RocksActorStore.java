package dev.dormouse.storage;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.ShardGroups;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;

/** The store in a data folder, built on RocksDB, which the comments call the engine. */
final class RocksActorStore extends EngineStore {

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
  private final EngineWriter writer;
  private final GroupCommit commits;
  private final AtomicBoolean hasListener = new AtomicBoolean();

  private RocksActorStore(
      StoreOptions options, DataFolder folder, RocksTables tables, FolderMeta meta, DiskRoom room) {
    super(folder, tables, meta, ShardGroups.of(meta.shards()));
    this.durability = options.durability();
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
    return EngineStore.open(
        options,
        null,
        roomIn,
        surroundings,
        (folder, tables, meta, room) -> new RocksActorStore(options, folder, tables, meta, room));
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
    return endingOfOpening(earlier);
  }

  @Override
  public Durability durability() {
    return durability;
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    ClockMark mark = storedMark(group);
    return mark == null ? null : HeldMark.own(mark); // only this folder's runs write to it
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

  @Override
  public CommitCounts commitCounts() {
    return commits.counts();
  }

  @Override
  public @Nullable Thread committing() {
    return commits.writing();
  }
}
