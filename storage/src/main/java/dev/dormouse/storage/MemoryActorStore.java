package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory, for tests. A commit is complete when {@link #commit} returns. Keys, order and
 * errors are those of the engine on disk.
 */
final class MemoryActorStore implements ActorStore {
  private static final RowKeys KEYS = new RowKeys(4_096);

  private final MemoryDisk disk;
  private final long incarnation;
  private volatile boolean isClosed;

  MemoryActorStore() {
    this(new MemoryDisk());
  }

  MemoryActorStore(MemoryDisk disk) {
    this.disk = disk;
    this.incarnation = disk.begin();
  }

  @Override
  public long incarnation() {
    return incarnation;
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
    checkOpen();
    checkLimit(limit);
    byte[] from = KEYS.encode(actor, table, span.from());
    byte[] to = span.to() == null ? KEYS.endOf(actor, table) : KEYS.encode(actor, table, span.to());
    if (Arrays.compareUnsigned(from, to) >= 0) {
      return List.of();
    }
    int rowKeyAt = from.length - span.from().length;
    return disk.read(
        table,
        rows -> {
          NavigableMap<byte[], byte[]> part = rows.subMap(from, true, to, false);
          List<Row> found = new ArrayList<>();
          for (Map.Entry<byte[], byte[]> row :
              (span.isReversed() ? part.descendingMap() : part).entrySet()) {
            if (found.size() == limit) {
              break;
            }
            byte[] storedKey = row.getKey();
            found.add(
                new Row(
                    Arrays.copyOfRange(storedKey, rowKeyAt, storedKey.length),
                    row.getValue().clone()));
          }
          return found;
        });
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    checkOpen();
    checkLimit(limit);
    byte[] last = after == null ? new byte[0] : KEYS.encode(after.actor(), table, after.key());
    return disk.read(
        table,
        rows -> {
          List<PlacedRow> found = new ArrayList<>();
          for (Map.Entry<byte[], byte[]> row : rows.tailMap(last, false).entrySet()) {
            if (found.size() == limit) {
              break;
            }
            RowKeys.Place place = KEYS.decode(table, row.getKey());
            found.add(new PlacedRow(place.actor(), place.rowKey(), row.getValue().clone()));
          }
          return found;
        });
  }

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    checkOpen();
    List<StoredWrite> writes = new ArrayList<>(batch.writes().size());
    for (TurnBatch.Write write : batch.writes()) {
      byte[] value = write.value();
      writes.add(
          new StoredWrite(
              write.table(),
              KEYS.encode(batch.actor(), write.table(), write.key()),
              value == null ? null : value.clone()));
    }
    return CompletableFuture.completedStage(disk.write(batch.epoch(), writes));
  }

  @Override
  public void close() {
    isClosed = true;
    disk.end(incarnation);
  }

  private void checkOpen() {
    if (isClosed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  static void checkLimit(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("a limit of " + limit + " rows is less than 1");
    }
  }
}
