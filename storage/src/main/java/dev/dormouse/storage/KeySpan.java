package dev.dormouse.storage;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A span of keys of one actor's table, and the end to begin at.
 *
 * @param from the least key, included
 * @param to the key that ends it, left out; null for no end
 * @param isReversed whether to begin with the greatest key
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record KeySpan(byte[] from, byte @Nullable [] to, boolean isReversed) {

  /** All keys, the least first. */
  public static KeySpan all() {
    return new KeySpan(new byte[0], null, false);
  }

  /** The keys that begin with a prefix, the least first. */
  public static KeySpan prefix(byte[] prefix) {
    return new KeySpan(prefix, endOf(prefix), false);
  }

  /** The same span from the other end. */
  public KeySpan reversed() {
    return new KeySpan(from, to, !isReversed);
  }

  /** What is left of the span when this key was the last one read. */
  public KeySpan beyond(byte[] key) {
    return isReversed
        ? new KeySpan(from, key, true)
        : new KeySpan(Arrays.copyOf(key, key.length + 1), to, false);
  }

  /** Whether the key is in the span. */
  public boolean contains(byte[] key) {
    return Arrays.compareUnsigned(key, from) >= 0
        && (to == null || Arrays.compareUnsigned(key, to) < 0);
  }

  /** The least key that is greater than every key with this prefix; null if there is none. */
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
