package dev.dormouse.elsewhere;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.Ending;
import dev.dormouse.storage.GroupCommit;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.OwnershipListener;
import dev.dormouse.storage.StoredWrite;
import dev.dormouse.storage.TurnBatch;
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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A store that is made of the public parts of the storage package alone. Each group of shards has
 * its own queue of commits, and another thread keeps each round, as a store does that copies rounds
 * to other machines.
 */
final class DelayedStore implements NodeStore {
  private static final RowKeys KEYS = new RowKeys(64);
  private static final ShardGroups GROUPS = new ShardGroups(KEYS.shards(), 4);

  /** The rows that outlive the store. The monitor of the object guards its fields. */
  static final class Disk {
    private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);
    private final List<Ending> endings = new ArrayList<>();
    private final Map<Integer, ClockMark> marks = new TreeMap<>();

    Disk() {
      for (Table table : Table.values()) {
        tables.put(table, new TreeMap<>(Arrays::compareUnsigned));
      }
    }

    private synchronized <T> T read(
        Table table, Function<NavigableMap<byte[], byte[]>, T> reading) {
      return reading.apply(tables.get(table));
    }

    private synchronized CommitResult keep(List<StoredWrite> writes) {
      for (StoredWrite write : writes) {
        NavigableMap<byte[], byte[]> rows = tables.get(write.table());
        if (write.end() != null) {
          rows.subMap(write.key(), true, write.end(), false).clear();
        } else if (write.value() == null) {
          rows.remove(write.key());
        } else {
          rows.put(write.key(), write.value());
        }
      }
      return CommitResult.DONE;
    }
  }

  private final Disk disk;
  private final long run;
  private final long epoch;
  private final ExecutorService keeper = Executors.newSingleThreadExecutor();
  private final List<GroupCommit> commits;
  private @Nullable OwnershipListener listener;
  private volatile boolean isClosed;

  DelayedStore(Disk disk) {
    this.disk = disk;
    synchronized (disk) {
      disk.endings.add(Ending.PROCESS_DIED);
      this.run = disk.endings.size();
    }
    this.epoch = 100 + run;
    this.commits =
        IntStream.range(0, GROUPS.groups())
            .mapToObj(group -> new GroupCommit(this::keep, false, cause -> {}))
            .toList();
  }

  private CompletionStage<CommitResult> keep(List<StoredWrite> writes) {
    return CompletableFuture.supplyAsync(() -> disk.keep(writes), keeper);
  }

  private void checkOpen() {
    if (isClosed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  // The folder.

  @Override
  public long run() {
    return run;
  }

  @Override
  public Ending endingOf(long earlier) {
    synchronized (disk) {
      return earlier < 1 ? Ending.PROCESS_DIED : disk.endings.get((int) earlier - 1);
    }
  }

  @Override
  public Durability durability() {
    return Durability.MEMORY;
  }

  @Override
  public void close() {
    commits.forEach(GroupCommit::close);
    isClosed = true;
    keeper.shutdown();
    synchronized (disk) {
      disk.endings.set((int) run - 1, Ending.CLOSED);
    }
  }

  // The ownerships.

  @Override
  public ShardGroups groups() {
    return GROUPS;
  }

  @Override
  public int shardOf(ActorId actor) {
    return KEYS.shardOf(actor);
  }

  @Override
  public long epoch(int group) {
    Objects.checkIndex(group, GROUPS.groups());
    return epoch;
  }

  @Override
  public synchronized void listen(OwnershipListener heard) {
    if (listener != null) {
      throw new IllegalStateException("the store has a listener already");
    }
    listener = heard;
    IntStream.range(0, GROUPS.groups()).forEach(group -> heard.onOwned(group, epoch));
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long confirmed) {
    checkOpen();
    Objects.checkIndex(group, GROUPS.groups());
    return CompletableFuture.supplyAsync(() -> inForce(confirmed), keeper);
  }

  private CommitResult inForce(long asked) {
    return asked == epoch ? CommitResult.DONE : new CommitResult.Fenced(epoch);
  }

  // The commits.

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    checkOpen();
    if (batch.epoch() != epoch) {
      return CompletableFuture.completedStage(inForce(batch.epoch()));
    }
    return commits
        .get(groupOf(batch.actor()))
        .commit(batch.chain(), StoredWrite.of(batch, KEYS, (key, value) -> value.clone()));
  }

  // The reads.

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    checkOpen();
    byte[] value = disk.read(table, rows -> rows.get(KEYS.encode(actor, table, key)));
    return value == null ? null : value.clone();
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    RowKeys.StoredSpan stored = KEYS.encode(actor, table, span);
    return read(
        table,
        stored,
        span.isReversed(),
        limit,
        row -> new Row(rowKey(stored, row), row.getValue().clone()),
        Row::bytes);
  }

  @Override
  public List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit) {
    RowKeys.StoredSpan stored = KEYS.encode(actor, table, span);
    return read(table, stored, span.isReversed(), limit, row -> rowKey(stored, row), key -> 0);
  }

  private static byte[] rowKey(RowKeys.StoredSpan span, Map.Entry<byte[], byte[]> row) {
    return Arrays.copyOfRange(row.getKey(), span.rowKeyAt(), row.getKey().length);
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
    RowKeys.StoredSpan span = RowKeys.ofShards(table, firstShard, endShard);
    if (after != null) {
      byte[] last = KEYS.encode(after.actor(), table, after.key());
      span = new RowKeys.StoredSpan(Arrays.copyOf(last, last.length + 1), span.to(), 0);
    }
    return read(
        table,
        span,
        false,
        limit,
        row -> {
          RowKeys.Place place = KEYS.decode(table, row.getKey());
          return new PlacedRow(place.actor(), place.rowKey(), row.getValue().clone());
        },
        PlacedRow::bytes);
  }

  private <R> List<R> read(
      Table table,
      RowKeys.StoredSpan span,
      boolean isReversed,
      int limit,
      Function<Map.Entry<byte[], byte[]>, R> row,
      ToLongFunction<R> bytesOf) {
    checkOpen();
    ActorStore.checkLimit(limit);
    if (span.isEmpty()) {
      return List.of();
    }
    return disk.read(
        table,
        rows -> {
          NavigableMap<byte[], byte[]> part = rows.subMap(span.from(), true, span.to(), false);
          List<R> found = new ArrayList<>();
          long bytes = 0;
          for (Map.Entry<byte[], byte[]> each :
              (isReversed ? part.descendingMap() : part).entrySet()) {
            if (found.size() == limit || bytes >= READ_BYTES_MAX) {
              break;
            }
            R next = row.apply(each);
            found.add(next);
            bytes += bytesOf.applyAsLong(next);
          }
          return found;
        });
  }

  // The alarms.

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
        rows ->
            rows.subMap(from, true, to, false).keySet().stream()
                .map(key -> DueIndex.readable(KEYS, key))
                .filter(Objects::nonNull)
                .limit(limit)
                .toList());
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    synchronized (disk) {
      ClockMark mark = disk.marks.get(group);
      return mark == null ? null : HeldMark.own(mark);
    }
  }

  @Override
  public void keep(int group, ClockMark mark) {
    synchronized (disk) {
      disk.marks.put(group, mark);
    }
  }
}
