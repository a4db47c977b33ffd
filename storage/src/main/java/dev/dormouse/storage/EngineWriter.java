package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;

/**
 * Writes rounds to the engine while the disk has room for them.
 *
 * <p><b>When there is little room</b> rounds are refused before the engine sees them, by asking the
 * file system each time. What was refused is certainly not kept then; reads go on; and the first
 * round after there is room again is taken at once. The reserve is what the engine needs to write
 * out all that it has in memory.
 *
 * <p><b>If the engine meets the end of the disk all the same</b> (somebody else filled it at that
 * moment, or what the engine writes in the background did), it takes no writes until it has
 * recovered. That it does by itself: it looks every five seconds whether 32 MiB are free, flushes
 * all it has in memory and begins a new log, so that no record comes to lie behind one that was
 * written in half. It must be left alone that long, since a write meanwhile makes its recovery
 * fail; so rounds are refused until it has said that it is done. The round that met the end may
 * have been kept or not: not once the engine has recovered, perhaps if the process ends before.
 *
 * <p><b>If the engine meets the end of the file handles</b>, when it begins a log or a table, it
 * takes no writes any more, and does not recover from it. So rounds are refused until there are
 * handles again, and the engine is then closed and opened anew, with all that it was given. Reads
 * go on meanwhile, of files that are open, and wait while that is done. The round that met the end
 * was not kept: the engine begins files before it writes.
 *
 * <p>Used by one thread at a time, whoever writes the round.
 */
final class EngineWriter implements GroupCommit.Sink, AutoCloseable {
  private static final Logger log = Log.of(EngineWriter.class);

  /** How long the engine may take to recover once there is room; then it never will. */
  private static final long RECOVERY_NS_MAX = TimeUnit.SECONDS.toNanos(30);

  /** How much more than the reserve must be free before writing resumes, as a part of it. */
  private static final int MORE_PART = 8;

  /**
   * How many ranges may be removed before the engine writes out what it has in memory. Each read
   * that comes after a range looks at all ranges that are still there, so that one actor's would
   * slow down every other's reads.
   */
  static final int RANGES_MAX = 200;

  private static final int MIB = 1 << 20;

  /** How long it waits before it looks for file handles again. */
  private static final long HANDLES_LOOK_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final String NO_HANDLES = "the process has no file handles for the store";

  private final RocksTables tables;
  private final DiskRoom room;
  private final HandleRoom handles;
  private final BooleanSupplier reopening;
  private final LongSupplier clockNs;
  private final WriteOptions options;
  private final @Nullable SyncedMark synced;

  /** Whether the last round was refused. */
  private boolean isRefusing;

  /** Null unless the engine has met the end of the disk and not recovered yet. */
  private volatile @Nullable RocksDBException stop; // read by any thread

  /** How often it had recovered when it was stopped. */
  private long recoveriesBefore;

  /** Since when the engine could have recovered. */
  private long roomSinceNs;

  /** How many ranges were removed since the engine was last told to write out its memory. */
  private int ranges;

  /** Whether the engine has met the end of the file handles, and was not opened anew yet. */
  private boolean isWithoutHandles;

  /** When it last looked for handles. */
  private long handlesLookedNs;

  /**
   * Begins to write.
   *
   * @param synced to be told how far the disk has it; null if rounds are not synced
   * @param reopening has the engine opened anew, while nobody uses it; false if the store is closed
   */
  EngineWriter(
      RocksTables tables,
      @Nullable SyncedMark synced,
      DiskRoom room,
      HandleRoom handles,
      BooleanSupplier reopening,
      LongSupplier clockNs) {
    this.tables = tables;
    this.room = room;
    this.handles = handles;
    this.reopening = reopening;
    this.clockNs = clockNs;
    this.synced = synced;
    this.options = new WriteOptions().setSync(synced != null);
  }

  @Override
  public @Nullable String refusal(long bytes) {
    String why = reason(bytes);
    if (why != null && !isRefusing) {
      log.error("nothing can be stored for the time being: {}", why);
    } else if (why == null && isRefusing) {
      log.info("there is room again: turns are stored");
    }
    isRefusing = why != null;
    return why;
  }

  private @Nullable String reason(long bytes) {
    long more = isRefusing ? room.reserveBytes() / MORE_PART : 0;
    if (!room.isFor(bytes + more)) {
      roomSinceNs = clockNs.getAsLong();
      return "the disk has less than " + room.reserveBytes() / MIB + " MiB free";
    }
    if (isWithoutHandles && !isOpenedAnew()) {
      return NO_HANDLES;
    }
    if (stop == null || tables.recoveries() != recoveriesBefore) {
      stop = null;
      return null;
    }
    if (clockNs.getAsLong() - roomSinceNs > RECOVERY_NS_MAX) {
      throw new IllegalStateException("the engine did not recover from a full disk", stop);
    }
    return "the disk was full, and the engine has not recovered yet";
  }

  /** Whether there are handles again, and the engine has been opened with them. */
  private boolean isOpenedAnew() {
    long nowNs = clockNs.getAsLong();
    if (nowNs - handlesLookedNs < HANDLES_LOOK_NS) {
      return false;
    }
    handlesLookedNs = nowNs;
    try {
      if (!handles.isThere() || !reopening.getAsBoolean()) {
        return false;
      }
    } catch (StoreOpenException e) {
      if (handles.isWanting(e)) {
        return false; // somebody else was faster
      }
      throw e;
    }
    isWithoutHandles = false;
    stop = null;
    return true;
  }

  /**
   * Why what is no round must not be written beside them, because a write would take the last room
   * or disturb the engine's recovery; null if it may be. Any thread.
   */
  @Nullable String refusalBeside() {
    if (stop != null) {
      return "the disk was full, and the engine has not recovered yet";
    }
    return room.isFor(0) ? null : "the disk has too little room";
  }

  @Override
  public void write(List<StoredWrite> writes) throws RocksDBException {
    long recoveries = tables.recoveries();
    try (WriteBatch batch = new WriteBatch()) {
      for (StoredWrite write : writes) {
        byte[] value = write.value();
        byte[] end = write.end();
        if (end != null) {
          batch.deleteRange(tables.of(write.table()), write.key(), end);
          ranges++;
        } else if (value == null) {
          batch.delete(tables.of(write.table()), write.key());
        } else {
          batch.put(tables.of(write.table()), write.key(), value);
        }
      }
      long before = tables.db().getLatestSequenceNumber();
      tables.db().write(options, batch);
      if (synced != null) {
        synced.note(before + writes.size()); // no more: others write beside, without a sync
      }
      if (ranges >= RANGES_MAX) {
        ranges = 0;
        beginFlush();
      }
    } catch (RocksDBException e) {
      if (isNoSpace(e)) {
        stopped(e, recoveries);
      }
      throw e;
    }
  }

  private void beginFlush() {
    try {
      tables.beginFlush();
    } catch (RocksDBException e) {
      log.warn("the engine could not be told to write out its memory: {}", e.getMessage());
    }
  }

  /** The engine has met the end of the disk, having recovered so many times before. */
  void stopped(RocksDBException cause, long recoveries) {
    stop = cause;
    recoveriesBefore = recoveries;
    roomSinceNs = clockNs.getAsLong();
  }

  @Override
  public @Nullable CommitResult passing(Throwable cause) {
    if (handles.isWanting(cause)) {
      isWithoutHandles = true;
      handlesLookedNs = clockNs.getAsLong();
      log.error("{}: {}", NO_HANDLES, cause.getMessage());
      isRefusing = true;
      return new CommitResult.Refused(NO_HANDLES);
    }
    return GroupCommit.Sink.super.passing(cause);
  }

  /** Whether a write failed for want of space, and for nothing worse. */
  static boolean isNoSpace(Throwable cause) {
    if (!(cause instanceof RocksDBException failed)) {
      return false;
    }
    Status status = failed.getStatus();
    return status != null && status.getSubCode() == Status.SubCode.NoSpace;
  }

  @Override
  public void close() {
    options.close();
    if (synced != null) {
      synced.close();
    }
  }
}
