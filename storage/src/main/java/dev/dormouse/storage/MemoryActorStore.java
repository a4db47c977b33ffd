package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.DueIndex;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory, for tests. A commit is complete when {@link #commit} returns. Keys, order and
 * errors are those of {@link RocksActorStore}, and both pass the same tests.
 */
final class MemoryActorStore implements NodeStore {
  private static final RowKeys KEYS = new RowKeys(4_096);
  static final ShardGroups GROUPS = ShardGroups.of(KEYS.shards());

  private final MemoryDisk disk;
  private final long run;

  /** For each group the epoch in which this store owns it; 0 if it does not own the group. */
  private final AtomicLongArray owned = new AtomicLongArray(GROUPS.groups());

  private final LongSupplier clockNs;

  /** For each group when the last mark from another machine came. Its monitor guards it. */
  private final long[] arrivedNs = new long[GROUPS.groups()];

  /** The listener to ownerships; null until it is set. The monitor guards it. */
  private @Nullable OwnershipListener listener;

  private volatile boolean isClosed;

  /**
   * Opens a store on a disk.
   *
   * @param machine the machine on which the store runs
   * @param clockNs the machine's clock that never jumps, in nanoseconds
   */
  MemoryActorStore(MemoryDisk disk, String machine, LongSupplier clockNs) {
    this.disk = disk;
    this.clockNs = clockNs;
    Arrays.setAll(arrivedNs, group -> clockNs.getAsLong()); // the marks that the disk has come now
    this.run = disk.begin(this, machine);
  }

  /** Notes that the disk has a mark of a group from another machine. */
  void arrive(int group) {
    synchronized (arrivedNs) {
      arrivedNs[group] = clockNs.getAsLong();
    }
  }

  /** Notes that this store owns a group. The disk calls it, for one event after the other. */
  synchronized void own(int group, long epoch) {
    owned.set(group, epoch);
    if (listener != null) {
      listener.onOwned(group, epoch);
    }
  }

  /** Notes that this store owns a group no longer. The disk calls it. */
  synchronized void lose(int group, String why) {
    owned.set(group, 0);
    if (listener != null) {
      listener.onLost(group, why);
    }
  }

  @Override
  public synchronized void listen(OwnershipListener heard) {
    if (listener != null) {
      throw new IllegalStateException("the store has a listener already");
    }
    listener = heard;
    for (int group = 0; group < GROUPS.groups(); group++) {
      if (owned.get(group) != 0) {
        heard.onOwned(group, owned.get(group));
      }
    }
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long epoch) {
    Objects.checkIndex(group, GROUPS.groups());
    checkOpen();
    return CompletableFuture.completedStage(disk.confirm(group, epoch));
  }

  @Override
  public long run() {
    return run;
  }

  @Override
  public Ending endingOf(long earlier) {
    return disk.endingOf(earlier);
  }

  @Override
  public Durability durability() {
    return Durability.MEMORY;
  }

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    checkOpen();
    byte[] value = disk.get(table, KEYS.encode(actor, table, key));
    return value == null ? null : value.clone();
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    return read(actor, table, span, limit, (key, value) -> new Row(key, value.clone()), Row::bytes);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    return scan(table, 0, GROUPS.shards(), after, limit);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit) {
    return scan(table, GROUPS.first(group), GROUPS.end(group), after, limit);
  }

  private List<PlacedRow> scan(
      Table table, int firstShard, int endShard, @Nullable PlacedRow after, int limit) {
    checkOpen();
    ActorStore.checkLimit(limit);
    RowKeys.StoredSpan span = RowKeys.ofShards(table, firstShard, endShard);
    byte[] from = after == null ? span.from() : KEYS.encode(after.actor(), table, after.key());
    return disk.read(
        table,
        rows -> {
          List<PlacedRow> found = new ArrayList<>();
          long bytes = 0;
          for (Map.Entry<byte[], byte[]> row :
              rows.subMap(from, after == null, span.to(), false).entrySet()) {
            if (found.size() == limit || bytes >= READ_BYTES_MAX) {
              break;
            }
            bytes += (long) row.getKey().length + row.getValue().length;
            RowKeys.Place place = KEYS.decode(table, row.getKey());
            found.add(new PlacedRow(place.actor(), place.rowKey(), row.getValue().clone()));
          }
          return found;
        });
  }

  @Override
  public List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit) {
    return read(actor, table, span, limit, (key, value) -> key, key -> 0);
  }

  /**
   * Reads rows of an actor in the direction of the span.
   *
   * @param row makes the result of a row's key and value; the value must be copied
   * @param bytesOf counts the bytes of a result toward {@link #READ_BYTES_MAX}
   */
  private <R> List<R> read(
      ActorId actor,
      Table table,
      KeySpan span,
      int limit,
      BiFunction<byte[], byte[], R> row,
      ToLongFunction<R> bytesOf) {
    checkOpen();
    ActorStore.checkLimit(limit);
    RowKeys.StoredSpan stored = KEYS.encode(actor, table, span);
    if (stored.isEmpty()) {
      return List.of();
    }
    return disk.read(
        table,
        rows -> {
          NavigableMap<byte[], byte[]> part = rows.subMap(stored.from(), true, stored.to(), false);
          List<R> found = new ArrayList<>();
          long bytes = 0;
          for (Map.Entry<byte[], byte[]> each :
              (span.isReversed() ? part.descendingMap() : part).entrySet()) {
            if (found.size() == limit || bytes >= READ_BYTES_MAX) {
              break;
            }
            byte[] key = each.getKey();
            R next =
                row.apply(Arrays.copyOfRange(key, stored.rowKeyAt(), key.length), each.getValue());
            found.add(next);
            bytes += bytesOf.applyAsLong(next);
          }
          return found;
        });
  }

  @Override
  public ShardGroups groups() {
    return GROUPS;
  }

  @Override
  public long epoch(int group) {
    return owned.get(group);
  }

  @Override
  public int shardOf(ActorId actor) {
    return KEYS.shardOf(actor);
  }

  @Override
  public List<DueAlarm> firstDue(DueClock clock) {
    checkOpen();
    return disk.read(Table.DUE, rows -> DueIndex.first(KEYS, clock, rows::ceilingKey));
  }

  @Override
  public List<DueAlarm> due(
      DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
    checkOpen();
    ActorStore.checkLimit(limit);
    byte[] from = DueIndex.from(KEYS, clock, shard, fromMs, after);
    byte[] to = RowKeys.endOfDue(shard, clock);
    return disk.read(
        Table.DUE,
        rows -> {
          List<DueAlarm> found = new ArrayList<>();
          for (byte[] key : rows.subMap(from, true, to, false).keySet()) {
            DueAlarm alarm = DueIndex.readable(KEYS, key);
            if (alarm != null) {
              found.add(alarm);
            }
            if (found.size() == limit) {
              break;
            }
          }
          return found;
        });
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    checkOpen();
    ClockMark mark = disk.clockMark(group);
    if (mark == null || disk.isOfSameMachine(mark.run(), run)) {
      return mark == null ? null : HeldMark.own(mark);
    }
    synchronized (arrivedNs) {
      return HeldMark.arrived(mark, clockNs.getAsLong() - arrivedNs[group]);
    }
  }

  @Override
  public void keep(int group, ClockMark mark) {
    checkOpen();
    disk.keep(group, owned.get(group), mark);
  }

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    checkOpen();
    List<StoredWrite> writes = StoredWrite.of(batch, KEYS, (key, value) -> value.clone());
    return CompletableFuture.completedStage(
        disk.write(groupOf(batch.actor()), batch.epoch(), writes));
  }

  @Override
  public void close() {
    isClosed = true;
    disk.end(this, run);
  }

  private void checkOpen() {
    if (isClosed) {
      throw new IllegalStateException("the store is closed");
    }
  }
}
