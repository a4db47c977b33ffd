package dev.dormouse.sdk;

import java.util.Collection;
import java.util.List;
import java.util.Map;
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
 * long total = storage().increment("total", 1);
 * storage().put("line/" + total, line);
 * List<Storage.Entry<Line>> last = storage().list(KeyRange.prefix("line/").reversed().limit(100), Line.class);
 * }</pre>
 */
public interface Storage {

  /** The longest key, in bytes of UTF-8. Keys are ordered by their bytes in UTF-8. */
  int KEY_BYTES_MAX = 2_048;

  /** The largest value, in bytes as serialized. */
  int VALUE_BYTES_MAX = 2 << 20;

  /** The most entries that one {@link #list} returns, and keys that one {@link #getAll} takes. */
  int LIST_MAX = 10_000;

  /** The most bytes, of keys and serialized values, that one call may read. */
  int READ_BYTES_MAX = 32 << 20;

  /** The most ranges that one turn may delete. */
  int DELETED_RANGES_MAX = 256;

  /**
   * The value of a key.
   *
   * @throws LimitExceededException if the key is empty or too long
   * @throws StoredValueException if the stored bytes cannot be read, or hold another type
   */
  <T> Optional<T> get(String key, Class<T> type);

  /**
   * The values of many keys, in the order in which they were asked for; keys without a value are
   * left out.
   *
   * @param keys at most {@value #LIST_MAX}
   * @throws LimitExceededException if there are too many keys, one is empty or too long, or the
   *     values have more than {@value #READ_BYTES_MAX} bytes
   * @throws StoredValueException if the stored bytes of one cannot be read, or hold another type
   */
  <T> Map<String, T> getAll(Collection<String> keys, Class<T> type);

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
   * Removes all keys of the actor, however many there are. Up to 1,000 keys are read and removed
   * one by one; more are removed at the cost of one write. It removes what this turn has put so
   * far; what it puts later stays. Alarms, connections and their attachments are not touched.
   *
   * @throws LimitExceededException if the turn has deleted {@value #DELETED_RANGES_MAX} ranges
   */
  default void deleteAll() {
    deleteAll(KeyRange.all());
  }

  /**
   * Removes all keys of a range; else like {@link #deleteAll()}.
   *
   * @throws IllegalArgumentException if the range is limited
   * @throws LimitExceededException if the turn has deleted {@value #DELETED_RANGES_MAX} ranges
   */
  void deleteAll(KeyRange range);

  /**
   * Adds to a whole number and returns the sum, which is stored as a {@code Long}. A key without a
   * value counts as 0; a {@code Byte}, {@code Short} or {@code Integer} is a {@code Long} from then
   * on.
   *
   * @param delta what is added; may be negative
   * @throws StoredValueException if the value is no whole number
   * @throws ArithmeticException if the sum is no {@code long}; the value stays as it was
   * @throws LimitExceededException if the key is empty or too long
   */
  long increment(String key, long delta);

  /**
   * The entries of a range, in the order of their keys, read at once.
   *
   * @throws LimitExceededException if the range sets no limit and holds more than {@value
   *     #LIST_MAX} entries, or if the entries have more than {@value #READ_BYTES_MAX} bytes
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
