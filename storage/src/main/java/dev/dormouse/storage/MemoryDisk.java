package dev.dormouse.storage;

import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.Table;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rows of stores in memory, which outlive each store. A test lets a process die by opening a
 * second store on the same disk: the new store finds everything that was committed, and the commits
 * of the old one are fenced from then on.
 *
 * <p>Any thread may call every method.
 */
public final class MemoryDisk {
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  // The lock guards all fields below.
  private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);
  private final Map<Long, RunRow> runs = new HashMap<>();
  private long boots = 1;
  private long run;

  /**
   * The epoch in force. It is far from every run, so that a test finds one in the other's place.
   */
  private long epoch = 1_000;

  private @Nullable ClockMark clockMark;

  /** Creates an empty disk, on which the first store has run 1. */
  public MemoryDisk() {
    this(1);
  }

  /**
   * Creates an empty disk, on which the first store has a given run.
   *
   * @throws IllegalArgumentException if the run is less than 1
   */
  public MemoryDisk(long firstRun) {
    if (firstRun < 1) {
      throw new IllegalArgumentException("run " + firstRun + " is less than 1");
    }
    run = firstRun - 1;
    for (Table table : Table.values()) {
      tables.put(table, new TreeMap<>(Arrays::compareUnsigned));
    }
  }

  /**
   * The opening of a store.
   *
   * @param run the number of the opening
   * @param epoch the epoch in which the store owns all groups
   */
  record Opening(long run, long epoch) {}

  /** Begins a run and an epoch, which fences all earlier ones. */
  Opening begin() {
    lock.writeLock().lock();
    try {
      run++;
      epoch++;
      runs.put(run, new RunRow(new Surroundings(new UUID(0, boots), 1), false));
      return new Opening(run, epoch);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Notes that the store of a run was closed. */
  void end(long ended) {
    lock.writeLock().lock();
    try {
      runs.computeIfPresent(ended, (key, row) -> new RunRow(row.surroundings(), true));
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Tells how an earlier run ended. */
  Ending endingOf(long earlier) {
    lock.readLock().lock();
    try {
      return RunRow.endingOf(runs.get(earlier), runs.get(earlier + 1));
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Restarts the machine: a store that is open now, and never closed, counts as dead by it. */
  public void restartMachine() {
    lock.writeLock().lock();
    try {
      boots++;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Returns the value under a stored key; null if there is none. */
  byte @Nullable [] get(Table table, byte[] storedKey) {
    lock.readLock().lock();
    try {
      return rows(table).get(storedKey);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Reads a table by a function, which must not let the map escape. */
  <T> T read(Table table, Function<NavigableMap<byte[], byte[]>, T> reading) {
    lock.readLock().lock();
    try {
      return reading.apply(rows(table));
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Keeps all the writes if the epoch is in force, or none. */
  CommitResult write(long ownEpoch, List<StoredWrite> writes) {
    lock.writeLock().lock();
    try {
      if (ownEpoch != epoch) {
        return new CommitResult.Fenced(epoch);
      }
      for (StoredWrite write : writes) {
        byte[] value = write.value();
        byte[] end = write.end();
        if (end != null) {
          rows(write.table()).subMap(write.key(), true, end, false).clear();
        } else if (value == null) {
          rows(write.table()).remove(write.key());
        } else {
          rows(write.table()).put(write.key(), value);
        }
      }
      return CommitResult.DONE;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Returns the mark that was kept last; null if none was. */
  @Nullable ClockMark clockMark() {
    lock.readLock().lock();
    try {
      return clockMark;
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Keeps a mark of the running clock if the epoch is in force. */
  void keep(long ownEpoch, ClockMark mark) {
    lock.writeLock().lock();
    try {
      if (ownEpoch == epoch) {
        clockMark = mark;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private NavigableMap<byte[], byte[]> rows(Table table) {
    NavigableMap<byte[], byte[]> rows = tables.get(table);
    if (rows == null) {
      throw new AssertionError("every table has a map");
    }
    return rows;
  }
}
