package dev.dormouse.storage;

import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A write with stored keys and values, as the engine performs it.
 *
 * @param table the table
 * @param key the stored key
 * @param value the stored value; null removes the row
 * @param end the end, exclusive, of a span of rows to remove, which begins at the key; null for a
 *     write of one row
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record StoredWrite(Table table, byte[] key, byte @Nullable [] value, byte @Nullable [] end) {

  /** Creates the write or removal of one row. */
  public StoredWrite(Table table, byte[] key, byte @Nullable [] value) {
    this(table, key, value, null);
  }

  /** Returns the writes of a batch, in the order in which they take effect. */
  public static List<StoredWrite> of(TurnBatch batch, RowKeys keys, Sealing sealing) {
    List<StoredWrite> writes = new ArrayList<>(batch.cleared().size() + batch.writes().size());
    for (TurnBatch.Clear clear : batch.cleared()) {
      RowKeys.StoredSpan span = keys.encode(batch.actor(), clear.table(), clear.span());
      if (!span.isEmpty()) {
        writes.add(new StoredWrite(clear.table(), span.from(), null, span.to()));
      }
    }
    for (TurnBatch.Write write : batch.writes()) {
      byte[] key = keys.encode(batch.actor(), write.table(), write.key());
      byte[] value = write.value();
      writes.add(
          new StoredWrite(write.table(), key, value == null ? null : sealing.stored(key, value)));
    }
    return writes;
  }

  /** Makes the stored form of a value, such as a sealed one. */
  public interface Sealing {
    /** Returns the stored form of a value under a stored key. */
    byte[] stored(byte[] storedKey, byte[] value);
  }

  /** Returns about how many bytes the write adds to a write of the engine. */
  public long bytes() {
    return 16L + key.length + (value == null ? 0 : value.length) + (end == null ? 0 : end.length);
  }
}
