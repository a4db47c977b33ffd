package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.TurnBatch.Clear;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An actor's storage as its open turn sees it. */
final class TurnStorage implements Storage {
  /** The most keys of a range that are removed one by one. */
  private static final int FEW_KEYS = 1_000;

  /** The most bytes of keys of a range that are removed one by one. */
  private static final int FEW_KEYS_BYTES = 128 << 10;

  private final Activation activation;
  private final ActorRows rows;
  private final ValueCodec codec;
  private final ActorOptions options;

  TurnStorage(Activation activation, ActorRows rows, ValueCodec codec, ActorOptions options) {
    this.activation = activation;
    this.rows = rows;
    this.codec = codec;
    this.options = options;
  }

  @Override
  public <T> Optional<T> get(StorageKey<T> key) {
    return get(key.name(), key.type());
  }

  @Override
  public <T> Optional<T> get(String key, Class<T> type) {
    return get(key, (Type) type);
  }

  @SuppressWarnings("unchecked") // the value was checked against the type
  private <T> Optional<T> get(String key, Type type) {
    synchronized (activation) {
      activation.turn();
      byte[] bytes = read(key);
      return bytes == null ? Optional.empty() : Optional.of((T) decode(key, bytes, type));
    }
  }

  @Override
  public boolean has(String key) {
    synchronized (activation) {
      activation.turn();
      return isThere(rowKey(key));
    }
  }

  @Override
  public <T> Map<String, T> getAll(Collection<String> keys, Class<T> type) {
    if (keys.size() > LIST_MAX) {
      throw new LimitExceededException("the number of keys to get at once", keys.size(), LIST_MAX);
    }
    synchronized (activation) {
      activation.turn();
      Map<String, T> values = new LinkedHashMap<>();
      long read = 0;
      for (String key : keys) {
        RowKey row = rowKey(key);
        byte[] bytes = read(key);
        if (bytes != null) {
          read += (long) row.bytes().length + bytes.length;
          if (read > READ_BYTES_MAX) {
            throw new LimitExceededException(
                "what is stored under the keys to get at once", read, READ_BYTES_MAX, "bytes");
          }
          values.put(key, decode(key, bytes, type));
        }
      }
      return values;
    }
  }

  @Override
  public void put(String key, Object value) {
    synchronized (activation) {
      Turn turn = activation.turn();
      RowKey row = rowKey(key);
      turn.writes().put(row, Optional.of(charged(turn, row, key, value)));
    }
  }

  @Override
  public void putAll(Map<String, ?> values) {
    synchronized (activation) {
      Turn turn = activation.turn();
      Map<RowKey, Optional<byte[]>> writes = new HashMap<>();
      values.forEach(
          (key, value) -> {
            RowKey row = rowKey(key);
            writes.put(row, Optional.of(charged(turn, row, key, value)));
          });
      turn.writes().putAll(writes);
    }
  }

  /** Returns a value as bytes, which count towards what the turn may write. */
  private byte[] charged(Turn turn, RowKey row, String key, @Nullable Object value) {
    Objects.requireNonNull(value, () -> of(key) + " is null; use delete");
    byte[] bytes = encode(key, value);
    turn.charge((long) row.bytes().length + bytes.length + Turn.OVERHEAD_BYTES);
    return bytes;
  }

  @Override
  public boolean delete(String key) {
    synchronized (activation) {
      Turn turn = activation.turn();
      RowKey row = rowKey(key);
      boolean wasThere = isThere(row);
      if (wasThere) {
        turn.charge((long) row.bytes().length + Turn.OVERHEAD_BYTES);
        turn.writes().put(row, Optional.empty());
      }
      return wasThere;
    }
  }

  @Override
  public void deleteAll(KeyRange range) {
    if (range.isLimited()) {
      throw new IllegalArgumentException("a range that is deleted cannot be limited");
    }
    KeySpan span = span(range);
    synchronized (activation) {
      Turn turn = activation.turn();
      turn.countDeletedRange();
      List<RowKey> few = few(span);
      if (few == null) {
        Clear clear = new Clear(Table.VALUE, span);
        turn.charge(2L * options.storageKeyBytesMax() + Turn.OVERHEAD_BYTES);
        ActorRows.without(turn.writes(), clear);
        turn.clears().add(clear);
      } else {
        for (RowKey key : few) {
          turn.charge((long) key.bytes().length + Turn.OVERHEAD_BYTES);
          turn.writes().put(key, Optional.empty());
        }
      }
    }
  }

  /**
   * Returns the keys of a span if there are few; null if there are many. A few keys are removed one
   * by one, since every read of every actor has to consider a range that is removed as a whole,
   * until the engine's next flush.
   */
  private @Nullable List<RowKey> few(KeySpan span) {
    List<RowKey> keys;
    try {
      keys = rows.keys(Table.VALUE, span, FEW_KEYS);
    } catch (CorruptRowException e) {
      return null; // a range that cannot be read can still be removed
    }
    long bytes = keys == null ? 0 : keys.stream().mapToLong(key -> key.bytes().length).sum();
    return bytes > FEW_KEYS_BYTES ? null : keys;
  }

  @Override
  public long increment(String key, long delta) {
    synchronized (activation) {
      activation.turn();
      byte[] bytes = read(key);
      long sum = Math.addExact(bytes == null ? 0 : wholeNumber(key, bytes), delta);
      put(key, sum);
      return sum;
    }
  }

  private long wholeNumber(String key, byte[] bytes) {
    Number number = decode(key, bytes, Number.class);
    if (number instanceof Long
        || number instanceof Integer
        || number instanceof Short
        || number instanceof Byte) {
      return number.longValue();
    }
    throw new StoredValueException(
        of(key)
            + " is of "
            + number.getClass().getName()
            + ", which is no whole number of at most 64 bits",
        null,
        key,
        number.getClass().getName());
  }

  @Override
  public <T> List<Entry<T>> list(KeyRange range, Class<T> type) {
    synchronized (activation) {
      activation.turn();
      int limit = range.isLimited() ? range.limit() : LIST_MAX + 1;
      List<Row> found = rows.scan(Table.VALUE, span(range), limit);
      if (found.size() > LIST_MAX) {
        throw new LimitExceededException(
            "the number of entries with prefix '" + range.prefix() + "'",
            found.size(),
            LIST_MAX,
            "",
            "a list of the keys with prefix '"
                + range.prefix()
                + "' has more than "
                + LIST_MAX
                + " entries; set a limit, KeyRange.limit, and go on behind the last key");
      }
      if (ActorStore.isFull(found)) {
        throw new LimitExceededException(
            "what is stored under the keys with prefix '" + range.prefix() + "'",
            READ_BYTES_MAX + 1L,
            READ_BYTES_MAX,
            "bytes",
            "a list of the keys with prefix '"
                + range.prefix()
                + "' reads its limit of "
                + READ_BYTES_MAX
                + " bytes with its first "
                + found.size()
                + " entries; set a smaller limit, KeyRange.limit, and go on behind the last key");
      }
      List<Entry<T>> entries = new ArrayList<>(found.size());
      for (Row row : found) {
        String key = new String(row.key(), StandardCharsets.UTF_8);
        byte[] bytes = row.value() == null ? read(key) : row.value();
        if (bytes != null) {
          entries.add(new Entry<>(key, decode(key, bytes, type)));
        }
      }
      return entries;
    }
  }

  private static String of(String key) {
    return "the value of key '" + key + "'";
  }

  private byte[] encode(String key, Object value) {
    try {
      return codec.encode(value, options.storageValueBytesMax());
    } catch (StoredValueException e) {
      throw new StoredValueException(of(key) + ": " + e.getMessage(), e, key, null);
    } catch (LimitExceededException e) {
      throw e.at(of(key) + ": ");
    }
  }

  private byte @Nullable [] read(String key) {
    try {
      return rows.get(rowKey(key));
    } catch (CorruptRowException e) {
      rows.quarantine().value(rows.actor(), key, e);
      throw new StoredValueException(of(key) + " cannot be read: " + e.getMessage(), e, key, null);
    }
  }

  /** Returns whether there is a row, even one that cannot be read. */
  private boolean isThere(RowKey row) {
    try {
      return rows.get(row) != null;
    } catch (CorruptRowException e) {
      return true;
    }
  }

  @SuppressWarnings("unchecked") // the value was checked against the type
  private <T> T decode(String key, byte[] bytes, Class<T> type) {
    return (T) decode(key, bytes, (Type) type);
  }

  private Object decode(String key, byte[] bytes, Type type) {
    try {
      return codec.decode(bytes, type);
    } catch (StoredValueException e) {
      if (!isReadable(bytes)) {
        rows.quarantine().value(rows.actor(), key, e);
      }
      throw new StoredValueException(of(key) + ": " + e.getMessage(), e, key, null);
    }
  }

  /** Returns whether the bytes can be decoded, if not as the class that the actor asked for. */
  private boolean isReadable(byte[] bytes) {
    try {
      codec.decode(bytes);
      return true;
    } catch (StoredValueException e) {
      return false;
    }
  }

  private RowKey rowKey(String key) {
    byte[] bytes = RowKey.utf8("a storage key", key);
    if (bytes.length == 0) {
      throw new LimitExceededException(
          "a storage key",
          0,
          1,
          "bytes",
          "a storage key must have at least 1 byte, and this one is empty");
    }
    if (bytes.length > options.storageKeyBytesMax()) {
      throw new LimitExceededException(
          "a storage key", bytes.length, options.storageKeyBytesMax(), "bytes");
    }
    return new RowKey(Table.VALUE, bytes);
  }

  private static KeySpan span(KeyRange range) {
    KeySpan span = KeySpan.prefix(RowKey.utf8("a key prefix", range.prefix()));
    byte[] from = span.from();
    byte[] to = span.to();
    if (range.from() != null) {
      byte[] first = RowKey.utf8("a storage key", range.from());
      from = Arrays.compareUnsigned(first, from) > 0 ? first : from;
    }
    if (range.after() != null) {
      byte[] after = RowKey.utf8("a storage key", range.after());
      byte[] next = Arrays.copyOf(after, after.length + 1);
      from = Arrays.compareUnsigned(next, from) > 0 ? next : from;
    }
    if (range.before() != null) {
      byte[] before = RowKey.utf8("a storage key", range.before());
      to = to == null || Arrays.compareUnsigned(before, to) < 0 ? before : to;
    }
    return new KeySpan(from, to, range.isReversed());
  }
}
