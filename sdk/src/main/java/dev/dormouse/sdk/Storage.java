package dev.dormouse.sdk;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The durable key-value storage of an actor. Reads inside a turn see the turn's own writes. Writes
 * are committed with everything else that the turn did, or not at all. No actor sees another's
 * keys.
 *
 * <p>Values are strings, boxed numbers, booleans, byte arrays, the JDK's common collections and
 * time types, and the classes that {@link StorageKey} or {@link ActorOptions#stores(Class[])}
 * registers. A value is serialized when it is put, so changing it afterwards changes nothing.
 *
 * <p>A value with a fixed name has a {@link StorageKey}, which knows the value's type, generic
 * types included. Where keys are made at run time and listed by prefix, texts and classes serve.
 *
 * <pre>{@code
 * private static final StorageKey<List<String>> TOPICS = new StorageKey<>("topics") {};
 *
 * List<String> topics = storage().getOrDefault(TOPICS, List.of());
 * long total = storage().increment("total", 1);
 * storage().put("line/%016x".formatted(total), line);
 * List<Storage.Entry<Line>> last = storage().list(KeyRange.prefix("line/").reversed().limit(100), Line.class);
 * }</pre>
 */
public interface Storage {

  /**
   * The longest key by default, in bytes of UTF-8; see {@link ActorOptions#storageKeyBytesMax}.
   * Keys are ordered by their bytes in UTF-8.
   */
  int KEY_BYTES_DEFAULT = 2_048;

  /**
   * The largest value by default, in bytes as serialized; see {@link
   * ActorOptions#storageValueBytesMax}.
   */
  int VALUE_BYTES_DEFAULT = 2 << 20;

  /** The limit of the entries of one {@link #list} and of the keys of one {@link #getAll}. */
  int LIST_MAX = 10_000;

  /** The limit of what one call may read: bytes of keys and of serialized values. */
  int READ_BYTES_MAX = 32 << 20;

  /** The greatest number of ranges that one turn may delete. */
  int DELETED_RANGES_MAX = 256;

  /**
   * Returns the value of a key; empty if there is none.
   *
   * @throws StoredValueException if the stored bytes cannot be read, or hold a value of another
   *     type, as far as {@link StorageKey} says that types are checked
   */
  <T> Optional<T> get(StorageKey<T> key);

  /**
   * Returns the value of a key, or {@code fallback} if there is none. The fallback is not stored.
   *
   * @throws StoredValueException as {@link #get(StorageKey)} says
   */
  default <T> T getOrDefault(StorageKey<T> key, T fallback) {
    return get(key).orElse(fallback);
  }

  /**
   * Returns the value of a key; empty if there is none.
   *
   * @throws LimitExceededException if the key is empty or too long
   * @throws StoredValueException if the stored bytes cannot be read, or hold another type
   */
  <T> Optional<T> get(String key, Class<T> type);

  /**
   * Returns the values of many keys, in the order of the keys; keys without a value are left out.
   *
   * @param keys at most {@value #LIST_MAX}
   * @throws LimitExceededException if there are too many keys, one is empty or too long, or the
   *     values have more than {@value #READ_BYTES_MAX} bytes
   * @throws StoredValueException if the stored bytes of one cannot be read, or hold another type
   */
  <T> Map<String, T> getAll(Collection<String> keys, Class<T> type);

  /** Returns whether a key has a value, be it of any type, or bytes that cannot be read. */
  default boolean has(StorageKey<?> key) {
    return has(key.name());
  }

  /**
   * Returns whether a key has a value, be it of any type, or bytes that cannot be read.
   *
   * @throws LimitExceededException if the key is empty or too long
   */
  boolean has(String key);

  /**
   * Sets the value of a key.
   *
   * @throws LimitExceededException if the value is too large
   * @throws StoredValueException if the value cannot be serialized, for instance because it holds
   *     an object of a class that is not registered
   */
  default <T> void put(StorageKey<T> key, T value) {
    put(key.name(), value);
  }

  /**
   * Sets the value of a key.
   *
   * @throws LimitExceededException if the key is empty or too long, or the value too large
   * @throws StoredValueException if the value cannot be serialized, for instance because its class
   *     is not named
   */
  void put(String key, Object value);

  /**
   * Sets the values of many keys. If one of them cannot be set, none is.
   *
   * @throws LimitExceededException if a key is empty or too long, or a value too large
   * @throws StoredValueException if a value cannot be serialized
   */
  void putAll(Map<String, ?> values);

  /** Removes a key, and returns whether it had a value. */
  default boolean delete(StorageKey<?> key) {
    return delete(key.name());
  }

  /**
   * Removes a key.
   *
   * @return whether the key had a value
   * @throws LimitExceededException if the key is empty or too long
   */
  boolean delete(String key);

  /**
   * Removes all keys of the actor, however many there are. Up to 1,000 keys are read and removed
   * one by one; more are removed at the cost of one write. Keys that this turn put before are
   * removed, and keys that it puts later stay. Alarms, connections and attachments are not touched.
   *
   * @throws LimitExceededException if the turn has deleted {@value #DELETED_RANGES_MAX} ranges
   */
  default void deleteAll() {
    deleteAll(KeyRange.all());
  }

  /**
   * Removes all keys of a range, at the cost that {@link #deleteAll()} has.
   *
   * @throws IllegalArgumentException if the range is limited
   * @throws LimitExceededException if the turn has deleted {@value #DELETED_RANGES_MAX} ranges
   */
  void deleteAll(KeyRange range);

  /** Adds to a whole number, as {@link #increment(String, long)} does. */
  default long increment(StorageKey<Long> key, long delta) {
    return increment(key.name(), delta);
  }

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
   * Returns the entries of a range, in the order of their keys, read at once.
   *
   * @throws LimitExceededException if the range sets no limit and holds more than {@value
   *     #LIST_MAX} entries, or if the entries have more than {@value #READ_BYTES_MAX} bytes
   * @throws StoredValueException if the stored bytes of one cannot be read, or hold another type
   */
  <T> List<Entry<T>> list(KeyRange range, Class<T> type);

  /** Returns the entries whose keys begin with a prefix, in the order of their keys. */
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
