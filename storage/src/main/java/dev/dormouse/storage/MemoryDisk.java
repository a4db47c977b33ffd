package dev.dormouse.storage;

import dev.dormouse.storage.codec.StableHash;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
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
 * The rows of stores in memory, which outlive each store. A test lets a process die by {@linkplain
 * Stores#memory opening} a second store on the same disk: the new store finds everything that was
 * committed and owns all groups, and the commits of the old one are fenced from then on.
 *
 * <p>A test has several machines by opening {@linkplain Stores#memoryOn stores that own nothing}.
 * They all see all rows at once, as if copies of them took no time, and {@link #give} moves a group
 * from one to another.
 *
 * <p>Any thread may call every method.
 */
public final class MemoryDisk {
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  // The lock guards all fields below.
  private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);
  private final Map<Long, RunRow> runs = new HashMap<>();

  /** The number of the boot of each machine, by the machine's name. */
  private final Map<String, Long> boots = new HashMap<>();

  private long run;

  /**
   * The greatest epoch. It is far from every run, so that a test finds one in the other's place.
   */
  private long epoch = 1_000;

  /** The epoch in force of each group. */
  private final long[] epochs = new long[MemoryActorStore.GROUPS.groups()];

  /** The store that owns each group; null if none does. */
  private final @Nullable MemoryActorStore[] owners = new MemoryActorStore[epochs.length];

  /** The mark of each group's running clock; null if none was kept. */
  private final @Nullable ClockMark[] clockMarks = new ClockMark[epochs.length];

  /** The stores that are open. */
  private final List<MemoryActorStore> open = new ArrayList<>();

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

  /** Begins a run on a machine. */
  long begin(MemoryActorStore store, String machine) {
    lock.writeLock().lock();
    try {
      open.add(store);
      run++;
      long boot = boots.computeIfAbsent(machine, name -> 1L);
      long number = StableHash.of(machine) | 1; // of the folder; 0 would mean that it is unknown
      runs.put(run, new RunRow(new Surroundings(new UUID(number, boot), number), false));
      return run;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Gives all groups to a store, as if the processes that owned them had died: the stores before
   * are fenced, and do not hear of it.
   */
  synchronized void takeOver(MemoryActorStore next) {
    long begun;
    lock.writeLock().lock();
    try {
      begun = ++epoch;
      Arrays.fill(epochs, epoch);
      Arrays.fill(owners, next);
    } finally {
      lock.writeLock().unlock();
    }
    for (int group = 0; group < epochs.length; group++) {
      next.own(group, begun);
    }
  }

  /**
   * Gives a group to a store of this disk. Its owner before, if there is one, hears that it has
   * lost the group, and then the store hears that it owns the group.
   *
   * @throws IllegalArgumentException if the store is not in memory
   */
  public synchronized void give(int group, ActorStore to) {
    if (!(to instanceof MemoryActorStore next)) {
      throw new IllegalArgumentException("only a store in memory can be given a group");
    }
    MemoryActorStore before;
    long begun;
    lock.writeLock().lock();
    try {
      before = owners[group];
      begun = ++epoch;
      epochs[group] = begun;
      owners[group] = next;
    } finally {
      lock.writeLock().unlock();
    }
    if (before != null) {
      before.lose(group, "run " + next.run() + " owns it");
    }
    next.own(group, begun);
  }

  /** Returns whether an epoch of a group is in force. */
  CommitResult confirm(int group, long ownEpoch) {
    lock.readLock().lock();
    try {
      return ownEpoch == epochs[group] ? CommitResult.DONE : new CommitResult.Fenced(epochs[group]);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Notes that the store of a run was closed. */
  void end(MemoryActorStore store, long ended) {
    lock.writeLock().lock();
    try {
      open.remove(store);
      runs.computeIfPresent(ended, (key, row) -> new RunRow(row.surroundings(), true));
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Tells how an earlier run ended. */
  Ending endingOf(long earlier) {
    lock.readLock().lock();
    try {
      return RunRow.endingOf(runs.get(earlier), nextOf(earlier));
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Returns the row of the next run on the same machine; null if there is none. */
  private @Nullable RunRow nextOf(long earlier) {
    RunRow row = runs.get(earlier);
    for (long next = earlier + 1; row != null && next <= run; next++) {
      RunRow candidate = runs.get(next);
      if (candidate != null && candidate.surroundings().folder() == row.surroundings().folder()) {
        return candidate;
      }
    }
    return null;
  }

  /** Restarts all machines: a store that is open now, and never closed, counts as dead by it. */
  public void restartMachine() {
    lock.writeLock().lock();
    try {
      boots.replaceAll((machine, boot) -> boot + 1);
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

  /** Keeps all the writes if the group's epoch is in force, or none. */
  CommitResult write(int group, long ownEpoch, List<StoredWrite> writes) {
    lock.writeLock().lock();
    try {
      if (ownEpoch != epochs[group]) {
        return new CommitResult.Fenced(epochs[group]);
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

  /** Returns whether two runs took place on one machine. */
  boolean isOfSameMachine(long one, long other) {
    lock.readLock().lock();
    try {
      RunRow row = runs.get(one);
      RunRow otherRow = runs.get(other);
      return row != null
          && otherRow != null
          && row.surroundings().folder() == otherRow.surroundings().folder();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Returns the mark of a group that was kept last; null if none was. */
  @Nullable ClockMark clockMark(int group) {
    lock.readLock().lock();
    try {
      return clockMarks[group];
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Keeps a mark of a group's running clock if the epoch is in force. */
  void keep(int group, long ownEpoch, ClockMark mark) {
    lock.writeLock().lock();
    try {
      if (ownEpoch == epochs[group]) {
        clockMarks[group] = mark;
        open.forEach(store -> store.arrive(group));
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
