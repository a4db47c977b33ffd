package dev.dormouse.storage;

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
 * What a store in memory keeps; it outlives the store. Opening a second store on it is what a test
 * of a host does to let the process die: the new one finds all that was committed, and the commits
 * of the old one are fenced from then on.
 *
 * <p>May be used from any thread.
 */
public final class MemoryDisk {
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  // Guarded by the lock, like the maps.
  private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);
  private final Map<Long, RunRow> runs = new HashMap<>();
  private long boots = 1;
  private long incarnation;
  private @Nullable ClockMark clockMark;

  /** Empty; the first store opened on it is incarnation 1. */
  public MemoryDisk() {
    this(1);
  }

  /**
   * Empty; the first store opened on it has this incarnation.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public MemoryDisk(long firstIncarnation) {
    if (firstIncarnation < 1) {
      throw new IllegalArgumentException("incarnation " + firstIncarnation + " is less than 1");
    }
    incarnation = firstIncarnation - 1;
    for (Table table : Table.values()) {
      tables.put(table, new TreeMap<>(Arrays::compareUnsigned));
    }
  }

  /** Begins an incarnation, which fences those before. */
  long begin() {
    lock.writeLock().lock();
    try {
      incarnation++;
      runs.put(incarnation, new RunRow(new Surroundings(new UUID(0, boots), 1), false));
      return incarnation;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Ends an incarnation in good order. */
  void end(long ended) {
    lock.writeLock().lock();
    try {
      runs.computeIfPresent(ended, (key, run) -> new RunRow(run.surroundings(), true));
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** How an earlier incarnation ended. */
  Ending endingOf(long earlier) {
    lock.readLock().lock();
    try {
      return RunRow.endingOf(runs.get(earlier), runs.get(earlier + 1));
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The machine restarts: a store that is open, and not closed before the next one, died so. */
  public void restartMachine() {
    lock.writeLock().lock();
    try {
      boots++;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** The value of a stored key; null if there is none. */
  byte @Nullable [] get(Table table, byte[] storedKey) {
    lock.readLock().lock();
    try {
      return rows(table).get(storedKey);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Reads a table; the map must not leave the function. */
  <T> T read(Table table, Function<NavigableMap<byte[], byte[]>, T> reading) {
    lock.readLock().lock();
    try {
      return reading.apply(rows(table));
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Keeps all the writes, if the epoch is in force. */
  CommitResult write(long epoch, List<StoredWrite> writes) {
    lock.writeLock().lock();
    try {
      if (epoch != incarnation) {
        return new CommitResult.Fenced(incarnation);
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

  /** The mark that was kept last. */
  @Nullable ClockMark clockMark() {
    lock.readLock().lock();
    try {
      return clockMark;
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Keeps a mark, if the epoch is in force. */
  void keep(long epoch, ClockMark mark) {
    lock.writeLock().lock();
    try {
      if (epoch == incarnation) {
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
