package dev.dormouse.sdk;

import java.util.List;
import java.util.Optional;

/**
 * An actor's durable key-value view. Reads inside a turn see the turn's own writes; the writes are
 * committed with everything else the turn did, or not at all. No actor sees another's keys.
 *
 * <p>Values are strings, boxed numbers, booleans, byte arrays, the JDK's common collections and
 * time types, and the classes that {@link ActorOptions#stores} names. A value is serialized when it
 * is put: changing it afterwards changes nothing.
 *
 * <pre>{@code
 * long total = storage().get("total", Long.class).orElse(0L) + 1;
 * storage().put("total", total);
 * List<Storage.Entry<Line>> last = storage().list(KeyRange.prefix("line/").reversed().limit(100), Line.class);
 * }</pre>
 */
public interface Storage {

  /** The longest key, in bytes of UTF-8. Keys are ordered by their bytes in UTF-8. */
  int KEY_BYTES_MAX = 2_048;

  /** The largest value, in bytes as serialized. */
  int VALUE_BYTES_MAX = 2 << 20;

  /** The most entries that one {@link #list} returns. */
  int LIST_MAX = 10_000;

  /**
   * The value of a key.
   *
   * @throws LimitExceededException if the key is empty or too long
   * @throws StoredValueException if the stored bytes cannot be read, or hold another type
   */
  <T> Optional<T> get(String key, Class<T> type);

  /**
   * Sets the value of a key.
   *
   * @throws LimitExceededException if the key is empty or too long, or the value too large
   * @throws StoredValueException if the value cannot be serialized, its class not being named for
   *     instance
   */
  void put(String key, Object value);

  /**
   * Removes a key.
   *
   * @return whether there was one
   * @throws LimitExceededException if the key is empty or too long
   */
  boolean delete(String key);

  /**
   * The entries of a range, in the order of their keys, read at once.
   *
   * @throws LimitExceededException if the range sets no limit and holds more than {@value
   *     #LIST_MAX} entries
   * @throws StoredValueException if the stored bytes of one cannot be read, or hold another type
   */
  <T> List<Entry<T>> list(KeyRange range, Class<T> type);

  /** The entries whose keys begin with a prefix: {@code list(KeyRange.prefix(prefix), type)}. */
  default <T> List<Entry<T>> list(String prefix, Class<T> type) {
    return list(KeyRange.prefix(prefix), type);
  }

  /**
   * A key and its value.
   *
   * @param <T> the type of the value
   * @param key the whole key, prefix included
   * @param value the value
   */
  record Entry<T>(String key, T value) {}
}
