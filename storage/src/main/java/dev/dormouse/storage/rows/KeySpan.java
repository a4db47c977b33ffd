package dev.dormouse.storage.rows;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A span of keys in one table of an actor, and the direction in which to read it. Keys compare as
 * unsigned bytes.
 *
 * @param from the least key, inclusive
 * @param to the end, exclusive; null for a span without an end
 * @param isReversed whether a read begins with the greatest key
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record KeySpan(byte[] from, byte @Nullable [] to, boolean isReversed) {

  /** Returns the span of all keys, the least first. */
  public static KeySpan all() {
    return new KeySpan(new byte[0], null, false);
  }

  /** Returns the span of the keys that begin with a prefix, the least first. */
  public static KeySpan prefix(byte[] prefix) {
    return new KeySpan(prefix, endOf(prefix), false);
  }

  /** Returns this span, read from the other end. */
  public KeySpan reversed() {
    return new KeySpan(from, to, !isReversed);
  }

  /** Returns the part of this span that comes after a key, in the direction of reading. */
  public KeySpan beyond(byte[] key) {
    return isReversed
        ? new KeySpan(from, key, true)
        : new KeySpan(Arrays.copyOf(key, key.length + 1), to, false);
  }

  /** Returns whether a key is in this span. */
  public boolean contains(byte[] key) {
    return Arrays.compareUnsigned(key, from) >= 0
        && (to == null || Arrays.compareUnsigned(key, to) < 0);
  }

  /** Returns the least key that is greater than every key with a prefix; null if there is none. */
  static byte @Nullable [] endOf(byte[] prefix) {
    for (int i = prefix.length - 1; i >= 0; i--) {
      if (prefix[i] != (byte) 0xff) {
        byte[] end = Arrays.copyOf(prefix, i + 1);
        end[i]++;
        return end;
      }
    }
    return null;
  }
}
