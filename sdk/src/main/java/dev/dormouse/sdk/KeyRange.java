package dev.dormouse.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A range of storage keys, by prefix or by bounds, with direction and limit.
 *
 * <pre>{@code
 * KeyRange.prefix("line/").reversed().limit(100)      // the last hundred lines
 * KeyRange.prefix("line/").after("line/000041")       // those past one key: the next page
 * }</pre>
 *
 * @param prefix what each key begins with; empty for all
 * @param from keys before this one are left out; null for none
 * @param after keys up to and including this one are left out; null for none
 * @param before keys from this one on are left out; null for none
 * @param isReversed whether the greatest key comes first
 * @param limit the most entries; {@link Storage#LIST_MAX} if it was not set
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

  /** All keys that begin with a prefix; with an empty one, all keys. */
  public static KeyRange prefix(String prefix) {
    return new KeyRange(prefix, null, null, null, false, Storage.LIST_MAX, false);
  }

  /** All keys. */
  public static KeyRange all() {
    return prefix("");
  }

  /** The same range, beginning with this key: it is in the range, those before it are not. */
  public KeyRange from(String key) {
    return new KeyRange(prefix, key, after, before, isReversed, limit, isLimited);
  }

  /** The same range, without the keys up to and including this one. */
  public KeyRange after(String key) {
    return new KeyRange(prefix, from, key, before, isReversed, limit, isLimited);
  }

  /** The same range, without the keys from this one on. */
  public KeyRange before(String key) {
    return new KeyRange(prefix, from, after, key, isReversed, limit, isLimited);
  }

  /** The same range, the greatest key first. */
  public KeyRange reversed() {
    return new KeyRange(prefix, from, after, before, true, limit, isLimited);
  }

  /**
   * The same range, cut after so many entries.
   *
   * @throws IllegalArgumentException if it is not 1 to {@link Storage#LIST_MAX}
   */
  public KeyRange limit(int entries) {
    if (entries < 1 || entries > Storage.LIST_MAX) {
      throw new IllegalArgumentException("limit " + entries + " is not 1 to " + Storage.LIST_MAX);
    }
    return new KeyRange(prefix, from, after, before, isReversed, entries, true);
  }
}
