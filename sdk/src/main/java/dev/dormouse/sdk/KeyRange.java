package dev.dormouse.sdk;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A range of storage keys, by prefix or by bounds, with direction and limit. It is immutable, and
 * each method returns a changed copy. A bound is a whole key, prefix included.
 *
 * <p>A range checks itself when it is made. A range without any keys may be made, for instance one
 * that begins and ends at the same key; a range that begins after its end is a mistake.
 *
 * <pre>{@code
 * KeyRange.prefix("line/").reversed().limit(100)      // the last hundred lines
 * KeyRange.prefix("line/").after("line/000041")       // those past one key: the next page
 * }</pre>
 *
 * @param prefix the prefix of every key; empty for all keys
 * @param from the key before which keys are left out; null for no such bound
 * @param after the key up to which, inclusive, keys are left out; null for no such bound
 * @param before the key from which on keys are left out; null for no such bound
 * @param isReversed whether the greatest key comes first
 * @param limit the greatest number of entries; {@link Storage#LIST_MAX} if it was not set
 * @param isLimited whether {@link #limit(int)} was set: if not, a range with more entries than
 *     {@link Storage#LIST_MAX} is an error rather than cut
 */
public record KeyRange(
    String prefix,
    @Nullable String from,
    @Nullable String after,
    @Nullable String before,
    boolean isReversed,
    int limit,
    boolean isLimited) {

  /**
   * Checks the range.
   *
   * @throws NullPointerException if the prefix is null
   * @throws LimitExceededException if the prefix or a bound has more than {@value
   *     ActorOptions#STORAGE_KEY_BYTES_CEILING} bytes in UTF-8
   * @throws IllegalArgumentException if {@code from} or {@code after} is greater than {@code
   *     before}, the limit is not 1 to {@link Storage#LIST_MAX}, or a text has an unpaired
   *     surrogate
   */
  public KeyRange {
    StorageKey.bytesOf("the prefix of a key range", prefix);
    checkOrder("from", from, before);
    checkOrder("after", after, before);
    if (limit < 1 || limit > Storage.LIST_MAX) {
      throw new IllegalArgumentException("limit " + limit + " is not 1 to " + Storage.LIST_MAX);
    }
  }

  private static void checkOrder(String bound, @Nullable String begin, @Nullable String end) {
    byte[] first = begin == null ? null : StorageKey.bytesOf(nameOf(bound), begin);
    byte[] last = end == null ? null : StorageKey.bytesOf(nameOf("before"), end);
    if (first != null && last != null && Arrays.compareUnsigned(first, last) > 0) {
      throw new IllegalArgumentException(
          "a key range cannot be %s '%s' and before '%s': its end is less than its beginning"
              .formatted(bound, begin, end));
    }
  }

  private static String nameOf(String bound) {
    return "the bound '" + bound + "' of a key range";
  }

  private static String checkGiven(String bound, String key) {
    return Objects.requireNonNull(key, () -> nameOf(bound) + " is null");
  }

  /** Returns the range of all keys that begin with a prefix. */
  public static KeyRange prefix(String prefix) {
    return new KeyRange(prefix, null, null, null, false, Storage.LIST_MAX, false);
  }

  /** Returns the range of all keys. */
  public static KeyRange all() {
    return prefix("");
  }

  /** Returns this range without the keys before a key; the key itself stays. */
  public KeyRange from(String key) {
    return new KeyRange(
        prefix, checkGiven("from", key), after, before, isReversed, limit, isLimited);
  }

  /** Returns this range without the keys up to and including a key. */
  public KeyRange after(String key) {
    return new KeyRange(
        prefix, from, checkGiven("after", key), before, isReversed, limit, isLimited);
  }

  /** Returns this range without a key and all keys after it. */
  public KeyRange before(String key) {
    return new KeyRange(
        prefix, from, after, checkGiven("before", key), isReversed, limit, isLimited);
  }

  /** Returns this range with the greatest key first. */
  public KeyRange reversed() {
    return new KeyRange(prefix, from, after, before, true, limit, isLimited);
  }

  /**
   * Returns this range, cut after a number of entries.
   *
   * @throws IllegalArgumentException if the number is not 1 to {@link Storage#LIST_MAX}
   */
  public KeyRange limit(int entries) {
    return new KeyRange(prefix, from, after, before, isReversed, entries, true);
  }
}
