package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;

/**
 * Writes rounds of commits to the engine, as long as the disk has room and the process has file
 * handles.
 *
 * <p><b>When the disk has little room,</b> rounds are refused before the engine sees them; the
 * writer asks the file system before each round. A refused round is certainly not kept. Reads go
 * on, and the first round after there is room again is written at once. The reserve that must stay
 * free is what the engine needs to write out everything that it holds in memory.
 *
 * <p><b>When the engine meets the end of the disk all the same,</b> because another program or the
 * engine's own background work filled it at that moment, the engine accepts no writes until it has
 * recovered. It recovers by itself: every five seconds it looks whether 32 MiB are free, then
 * flushes its memory and begins a new log, so that no record comes to lie behind one that was
 * written in half. A write meanwhile would make the recovery fail, so rounds are refused until the
 * engine has reported that it recovered. The round that met the end of the disk is not kept once
 * the engine has recovered, but may be kept if the process ends before.
 *
 * <p><b>When the engine meets the end of the file handles,</b> as it begins a log or a table, it
 * accepts no writes any more and does not recover. So rounds are refused until there are handles
 * again, and then the engine is closed and opened anew, with everything that was written to it.
 * Reads of open files go on meanwhile, and wait while the engine is opened anew. The round that met
 * the end of the handles was not kept, because the engine begins files before it writes.
 *
 * <p>One thread at a time uses a writer, namely the one that writes the round. Any thread may call
 * {@link #refusalBeside}.
 */
final class EngineWriter implements GroupCommit.Sink, AutoCloseable {
  private static final Logger log = Log.of(EngineWriter.class);

  /** The time in which the engine recovers once there is room, or else never does. */
  private static final long RECOVERY_NS_MAX = TimeUnit.SECONDS.toNanos(30);

  /** The part of the reserve that must be free beyond the reserve before writing resumes. */
  private static final int MORE_PART = 8;

  /**
   * The number of removed ranges after which the engine is told to write out its memory. Every read
   * looks at all removed ranges that are in memory, so those of one actor would slow down the reads
   * of all others.
   */
  static final int RANGES_MAX = 200;

  private static final int MIB = 1 << 20;

  /** The time between two looks for file handles. */
  private static final long HANDLES_LOOK_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final String NOT_RECOVERED =
      "the disk was full, and the engine has not recovered yet";

  private static final String NO_HANDLES = "the process has no file handles for the store";

  private final RocksTables tables;
  private final DiskRoom room;
  private final HandleRoom handles;
  private final BooleanSupplier reopening;
  private final LongSupplier clockNs;
  private final WriteOptions options;
  private final @Nullable SyncedMark synced;

  /** True if the last round was refused; tells when to log a change. */
  private boolean isRefusing;

  /** The engine's condition. The writer changes it, and any thread may read it. */
  private volatile Condition condition = Condition.SOUND;

  /** The failure that made the engine recover last; null if none did. */
  private @Nullable RocksDBException diskFull;

  /** The number of the engine's recoveries when it met the end of the disk. */
  private long recoveriesBefore;

  /** The time since which there has been room for the engine to recover. */
  private long roomSinceNs;

  /** The number of ranges removed since the engine was last told to write out its memory. */
  private int ranges;

  /** The time of the last look for file handles. */
  private long handlesLookedNs;

  /** The engine's condition, as far as its writes have shown. */
  enum Condition {
    /** The engine accepts writes. */
    SOUND,
    /** The engine has met the end of the disk and has not reported a recovery. */
    RECOVERING,
    /** The engine has met the end of the file handles and must be opened anew. */
    WITHOUT_HANDLES;

    /** Returns whether the condition may change from this one to another, or stay. */
    boolean mayBecome(Condition next) {
      return this != WITHOUT_HANDLES || next != RECOVERING;
    }
  }

  /**
   * Creates the writer of an open engine.
   *
   * @param synced the mark that is moved on after each synced write; null if no write waits for an
   *     fsync
   * @param room the disk's room
   * @param handles the process's file handles
   * @param reopening opens the engine anew while nobody uses it; returns false if the store is
   *     closed
   * @param clockNs a clock in nanoseconds
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
      log.error("turns are refused until there is room for them: {}", why);
    } else if (why == null && isRefusing) {
      log.info("there is room again, so turns are stored");
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
    return switch (condition) {
      case SOUND -> null;
      case WITHOUT_HANDLES -> isOpenedAnew() ? null : NO_HANDLES;
      case RECOVERING -> isRecovered() ? null : NOT_RECOVERED;
    };
  }

  /** Changes the condition, the only place that does. */
  private void become(Condition next) {
    if (!condition.mayBecome(next)) {
      throw new IllegalStateException("the engine cannot change: " + condition + " to " + next);
    }
    condition = next;
  }

  private boolean isRecovered() {
    if (tables.recoveries() != recoveriesBefore) {
      become(Condition.SOUND);
      return true;
    }
    if (clockNs.getAsLong() - roomSinceNs > RECOVERY_NS_MAX) {
      throw new IllegalStateException(
          "the storage engine did not recover from a full disk; the process must be started again",
          diskFull);
    }
    return false;
  }

  /** Opens the engine anew if there are handles again; returns whether it is open. */
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
        return false; // others have taken the handles
      }
      throw e;
    }
    become(Condition.SOUND);
    return true;
  }

  /**
   * Returns the reason why nothing must be written beside the rounds, because the write would take
   * the last room or disturb the engine's recovery; null if it may be written. Any thread may ask.
   */
  @Nullable String refusalBeside() {
    if (condition == Condition.RECOVERING) {
      return NOT_RECOVERED;
    }
    return room.isFor(0) ? null : "the disk has too little room";
  }

  @Override
  public CompletionStage<CommitResult> write(List<StoredWrite> writes) throws RocksDBException {
    long recoveries = tables.recoveries();
    try (WriteBatch batch = new WriteBatch()) {
      for (StoredWrite write : writes) {
        append(batch, tables, write);
        ranges += write.end() == null ? 0 : 1;
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
      return KEPT;
    } catch (RocksDBException e) {
      if (GroupCommit.isNoSpace(e)) {
        stopped(e, recoveries);
      }
      throw e;
    }
  }

  /** Adds a write to a write of the engine. */
  static void append(WriteBatch batch, RocksTables tables, StoredWrite write)
      throws RocksDBException {
    byte[] value = write.value();
    byte[] end = write.end();
    if (end != null) {
      batch.deleteRange(tables.of(write.table()), write.key(), end);
    } else if (value == null) {
      batch.delete(tables.of(write.table()), write.key());
    } else {
      batch.put(tables.of(write.table()), write.key(), value);
    }
  }

  private void beginFlush() {
    try {
      tables.beginFlush();
    } catch (RocksDBException e) {
      log.warn(
          "the storage engine could not begin to write out its memory; reads may be slow until it"
              + " does: {}",
          e.getMessage());
    }
  }

  /**
   * Notes that the engine has met the end of the disk.
   *
   * @param recoveries the number of the engine's recoveries before the write
   */
  void stopped(RocksDBException cause, long recoveries) {
    become(Condition.RECOVERING);
    diskFull = cause;
    recoveriesBefore = recoveries;
    roomSinceNs = clockNs.getAsLong();
  }

  @Override
  public @Nullable CommitResult passing(Throwable cause) {
    if (handles.isWanting(cause)) {
      become(Condition.WITHOUT_HANDLES);
      handlesLookedNs = clockNs.getAsLong();
      log.error("{}, so turns are refused until it has: {}", NO_HANDLES, cause.getMessage());
      isRefusing = true;
      return new CommitResult.Refused(NO_HANDLES);
    }
    CommitResult passing = GroupCommit.Sink.super.passing(cause);
    if (passing != null) {
      log.error(
          "the disk became full during a write: its turns may be kept or lost, and their actors read"
              + " the store again",
          cause);
    }
    return passing;
  }

  @Override
  public void close() {
    options.close();
    if (synced != null) {
      synced.close();
    }
  }
}
