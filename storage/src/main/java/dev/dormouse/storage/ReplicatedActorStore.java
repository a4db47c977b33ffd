package dev.dormouse.storage;

import dev.dormouse.log.Log;
import dev.dormouse.storage.ReplicatedLog.Committed;
import dev.dormouse.storage.ReplicatedLog.Entry;
import dev.dormouse.storage.ReplicatedLog.Ownership;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.ShardGroups;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Snapshot;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;

/**
 * The store of a node of a cluster: a data folder whose rows a {@link ReplicatedLog} writes.
 *
 * <p><b>Committing.</b> Each ownership of a group has a {@link GroupCommit} of its own, and each of
 * its rounds is an entry of the group's log. When a majority of the nodes has the entry, every node
 * applies it to its own folder: the entry's writes, and the index of the entry, in one write of the
 * engine. That write is not synced, because the log is: after a crash the log's entries behind the
 * index are applied again.
 *
 * <p><b>Owning.</b> A commit is fenced at the door if its epoch is not that of the group's present
 * ownership. When an ownership ends, its queue of commits ends with it, so no commit of one
 * ownership can get into an entry of the next.
 *
 * <p><b>Failure.</b> Applying never refuses: another node has applied the entry. So an error there
 * ends the process. A want of room on the disk is answered before an entry is appended.
 */
final class ReplicatedActorStore extends EngineStore {
  private static final Logger log = Log.of(ReplicatedActorStore.class);

  private static final long CLOSE_LIMIT_S = 10;

  /** A present ownership with its queue of commits. */
  private record Owned(Ownership ownership, GroupCommit commits) {}

  private final Replication replication;
  private final DiskRoom room;
  private final Consumer<Throwable> onFatal;
  private final ReplicatedLog entries;
  private final WriteOptions unsynced = new WriteOptions();
  private final AtomicInteger ranges = new AtomicInteger();

  /** For each group the present ownership; null if this node does not own the group. */
  private final AtomicReferenceArray<@Nullable Owned> owned;

  /** For each group the index of the last entry that was applied. */
  private final AtomicLongArray applied;

  /** For each group when the last mark of another node came, in nanoseconds. */
  private final AtomicLongArray arrivedNs;

  /** For each group the commit of the last mark; null if there was none. */
  private final AtomicReferenceArray<@Nullable CompletableFuture<CommitResult>> marks;

  /** The listener to ownerships; null until it is set. The monitor guards it. */
  private @Nullable OwnershipListener listener;

  /** The id of the cluster; null while this node does not know it. */
  private volatile @Nullable String cluster;

  private volatile boolean isClosed;

  private ReplicatedActorStore(
      StoreOptions options,
      Replication replication,
      DataFolder folder,
      RocksTables tables,
      FolderMeta meta,
      DiskRoom room) {
    super(folder, tables, meta, new ShardGroups(meta.shards(), replication.groups()));
    this.replication = replication;
    this.room = room;
    this.onFatal = options.onFatal();
    this.owned = new AtomicReferenceArray<>(groups.groups());
    this.marks = new AtomicReferenceArray<>(groups.groups());
    this.applied = new AtomicLongArray(groups.groups());
    this.arrivedNs = new AtomicLongArray(groups.groups());
    long nowNs = System.nanoTime();
    try {
      cluster = FolderMeta.cluster(tables);
      for (int group = 0; group < groups.groups(); group++) {
        applied.set(group, FolderMeta.applied(tables, group));
        arrivedNs.set(group, nowNs); // the marks that the folder has come now
      }
    } catch (RocksDBException e) {
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be opened: " + e.getMessage(), e);
    }
    this.entries = replication.log().apply(new Applier());
  }

  /**
   * Opens a data folder and starts its log.
   *
   * @throws StoreOpenException for the reasons that {@link Stores#open} lists
   */
  static ReplicatedActorStore open(StoreOptions options, Replication replication) {
    return open(options, replication, DiskRoom::of);
  }

  /** Opens a data folder, with a test's idea of the room on the disk of the engine's folder. */
  static ReplicatedActorStore open(
      StoreOptions options, Replication replication, Function<File, DiskRoom> roomIn) {
    ReplicatedActorStore store =
        EngineStore.open(
            options,
            replication,
            roomIn,
            Surroundings::of,
            (folder, tables, meta, room) ->
                new ReplicatedActorStore(options, replication, folder, tables, meta, room));
    try {
      store.entries.start();
      return store;
    } catch (RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  @Override
  public long run() {
    return replication.runOf(meta.run());
  }

  @Override
  public long reserveRun() {
    long pass = gate.enter();
    try {
      synchronized (meta) {
        return replication.runOf(FolderMeta.reserve(tables));
      }
    } catch (RocksDBException e) {
      onFatal.accept(e);
      throw new UncheckedIOException(
          "the number of a run cannot be written: " + e.getMessage(), new IOException(e));
    } finally {
      gate.leave(pass);
    }
  }

  @Override
  public Ending endingOf(long earlier) {
    return endingOfOpening(replication.openingOf(earlier));
  }

  /** Returns {@link Durability#FSYNC}: a majority of the nodes has synced a commit that is done. */
  @Override
  public Durability durability() {
    return Durability.FSYNC;
  }

  @Override
  public long epoch(int group) {
    Objects.checkIndex(group, groups.groups());
    Owned present = owned.get(group);
    return present == null ? 0 : present.ownership().epoch();
  }

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    checkOpen();
    int group = groupOf(batch.actor());
    Owned present = owned.get(group);
    if (present == null || present.ownership().epoch() != batch.epoch()) {
      return fenced(group);
    }
    List<StoredWrite> writes = StoredWrite.of(batch, keys, RowSeal::seal);
    try {
      return present.commits().commit(batch.chain(), writes);
    } catch (IllegalStateException e) {
      checkOpen();
      return fenced(group); // the ownership has ended since
    }
  }

  private CompletionStage<CommitResult> fenced(int group) {
    ReplicatedLog.Owner owner = entries.owner(group);
    return CompletableFuture.completedStage(
        new CommitResult.Fenced(Math.max(epoch(group), owner == null ? 0 : owner.epoch())));
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long epoch) {
    Objects.checkIndex(group, groups.groups());
    checkOpen();
    Owned present = owned.get(group);
    return present == null || present.ownership().epoch() != epoch
        ? fenced(group)
        : entries.confirm(present.ownership());
  }

  private void checkOpen() {
    if (isClosed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  @Override
  public synchronized void listen(OwnershipListener heard) {
    if (listener != null) {
      throw new IllegalStateException("the store has a listener already");
    }
    listener = heard;
    for (int group = 0; group < groups.groups(); group++) {
      Owned present = owned.get(group);
      if (present != null) {
        heard.onOwned(group, present.ownership().epoch());
      }
    }
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    ClockMark mark = storedMark(group);
    if (mark == null) {
      return null;
    }
    return replication.openingOf(mark.run()) > 0
        ? HeldMark.own(mark)
        : HeldMark.arrived(mark, System.nanoTime() - arrivedNs.get(group));
  }

  @Override
  public void keep(int group, ClockMark mark) {
    Objects.checkIndex(group, groups.groups());
    checkOpen();
    Owned present = owned.get(group);
    if (present == null) {
      return;
    }
    if (!room.isFor(0)) {
      throw new UncheckedIOException(
          "the mark of the running clock cannot be written",
          new IOException("the disk has too little room"));
    }
    Ownership ownership = present.ownership();
    marks.set(
        group,
        entries
            .submit(ownership, new Entry(ownership.epoch(), List.of(), mark))
            .toCompletableFuture());
  }

  @Override
  public CommitCounts commitCounts() {
    long commits = 0;
    long writes = 0;
    long rounds = 0;
    boolean isWaiting = false;
    for (int group = 0; group < groups.groups(); group++) {
      Owned present = owned.get(group);
      if (present != null) {
        CommitCounts counts = present.commits().counts();
        commits += counts.commits();
        writes += counts.writes();
        rounds += counts.rounds();
        isWaiting |= counts.isWaiting();
      }
    }
    return new CommitCounts(commits, writes, rounds, isWaiting);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (isClosed) {
        return;
      }
      isClosed = true;
    }
    for (int group = 0; group < groups.groups(); group++) {
      Owned present = owned.get(group);
      if (present != null) {
        present.commits().close();
      }
      CompletableFuture<CommitResult> mark = marks.get(group);
      if (mark != null) {
        CommitResult unused =
            mark.completeOnTimeout(CommitResult.DONE, CLOSE_LIMIT_S, TimeUnit.SECONDS).join();
      }
    }
    entries.close();
    if (!gate.close()) {
      return;
    }
    try {
      tables.db().syncWal();
      end();
    } catch (RocksDBException e) {
      log.error(
          "the log of {} could not be synced at its closing; the cluster's log has what it lacks",
          folder,
          e);
    } finally {
      unsynced.close();
      tables.close();
      folder.close();
    }
  }

  /** Keeps the rounds of one ownership. */
  private final class Rounds implements GroupCommit.Sink {
    private final Ownership ownership;

    Rounds(Ownership ownership) {
      this.ownership = ownership;
    }

    @Override
    public @Nullable String refusal(long bytes) {
      if (bytes > ReplicatedLog.ENTRY_BYTES_MAX / 2) {
        return "the turn writes " + bytes + " bytes, which are too many for an entry of the log";
      }
      return room.isFor(bytes)
          ? null
          : "the disk has less than " + (room.reserveBytes() >> 20) + " MiB free";
    }

    @Override
    public CompletionStage<CommitResult> write(List<StoredWrite> writes) {
      return entries.submit(ownership, new Entry(ownership.epoch(), writes, null));
    }
  }

  /** Applies the log. */
  private final class Applier implements ReplicatedLog.Machine {

    @Override
    public @Nullable String cluster() {
      return cluster;
    }

    @Override
    public long applied(int group) {
      return applied.get(group);
    }

    @Override
    public List<CommitResult> apply(int group, List<Committed> committed) {
      List<CommitResult> results = new ArrayList<>(committed.size());
      long index = committed.get(committed.size() - 1).index();
      String found = null;
      long pass = gate.enter();
      try (WriteBatch batch = new WriteBatch()) {
        for (Committed each : committed) {
          Entry entry = each.entry();
          if (entry.epoch() != each.epoch()) {
            results.add(new CommitResult.Fenced(each.epoch()));
            continue;
          }
          results.add(CommitResult.DONE);
          for (StoredWrite write : entry.writes()) {
            EngineWriter.append(batch, tables, write);
            if (write.end() != null) {
              ranges.incrementAndGet();
            }
          }
          String id = entry.cluster();
          if (cluster == null && found == null && id != null) {
            found = id;
            FolderMeta.cluster(batch, tables, id);
          }
          ClockMark mark = entry.mark();
          if (mark != null) {
            FolderMeta.keep(batch, tables, group, mark);
            if (replication.openingOf(mark.run()) == 0) {
              arrivedNs.set(group, System.nanoTime());
            }
          }
        }
        FolderMeta.applied(batch, tables, group, index);
        tables.db().write(unsynced, batch);
        applied.set(group, index);
        if (found != null) {
          cluster = found; // one group alone has it, so that one thread alone writes it
        }
        if (ranges.get() >= EngineWriter.RANGES_MAX) {
          ranges.set(0);
          tables.beginFlush();
        }
        return results;
      } catch (RocksDBException e) {
        onFatal.accept(e);
        throw new UncheckedIOException(
            "an entry of the log cannot be applied: " + e.getMessage(), new IOException(e));
      } finally {
        gate.leave(pass);
      }
    }

    @Override
    public void onOwned(Ownership ownership) {
      int group = ownership.group();
      GroupCommit commits = new GroupCommit(new Rounds(ownership), false, onFatal);
      synchronized (ReplicatedActorStore.this) {
        owned.set(group, new Owned(ownership, commits));
        if (listener != null) {
          listener.onOwned(group, ownership.epoch());
        }
      }
    }

    @Override
    public CompletionStage<Void> leave(Ownership ownership) {
      OwnershipListener known;
      synchronized (ReplicatedActorStore.this) {
        known = listener;
      }
      return known == null
          ? CompletableFuture.completedStage(null)
          : known.onLeaving(ownership.group());
    }

    @Override
    public void onLost(Ownership ownership, String why) {
      int group = ownership.group();
      Owned present;
      synchronized (ReplicatedActorStore.this) {
        present = owned.getAndSet(group, null);
        if (listener != null && present != null) {
          listener.onLost(group, why);
        }
      }
      if (present != null) {
        GroupCommit commits = present.commits();
        Thread closer = new Thread(commits::close, "dormouse-lost-ownership");
        closer.setDaemon(true);
        closer.start(); // it waits for commits whose results the log is about to report
      }
    }

    @Override
    public ReplicatedLog.Saving save(int group) {
      long pass = gate.enter();
      try {
        return new Held(group, tables.db().getSnapshot());
      } finally {
        gate.leave(pass);
      }
    }

    @Override
    public void check(int group, Path from) {
      String unused = GroupFile.check(groups, from);
    }

    @Override
    public void load(int group, Path from, long index) {
      if (applied.get(group) >= index) {
        return;
      }
      long pass = gate.enter();
      try {
        applied.set(group, 0);
        String id = GroupFile.load(tables, groups, group, from, index, cluster);
        if (id != null) {
          cluster = id;
        }
        arrivedNs.set(group, System.nanoTime());
        applied.set(group, index);
      } catch (RocksDBException e) {
        onFatal.accept(e);
        throw unreadable("group " + group, e);
      } finally {
        gate.leave(pass);
      }
    }
  }

  /** The rows of a group at a moment. */
  private final class Held implements ReplicatedLog.Saving {
    private final int group;
    private final Snapshot snapshot;

    Held(int group, Snapshot snapshot) {
      this.group = group;
      this.snapshot = snapshot;
    }

    @Override
    public void write(Path to) {
      long pass = gate.enter();
      try {
        GroupFile.save(tables, snapshot, groups, group, to, () -> isClosed);
        tables.db().syncWal();
      } catch (RocksDBException e) {
        throw unreadable("group " + group, e);
      } finally {
        gate.leave(pass);
      }
    }

    @Override
    public void close() {
      long pass;
      try {
        pass = gate.enter();
      } catch (IllegalStateException e) {
        return; // the snapshot has ended with the engine
      }
      try {
        tables.db().releaseSnapshot(snapshot);
      } finally {
        gate.leave(pass);
      }
    }
  }
}
