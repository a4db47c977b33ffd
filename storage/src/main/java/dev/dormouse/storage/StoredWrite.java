package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/**
 * A write as the engine sees it.
 *
 * @param table the table
 * @param key the stored key
 * @param value the stored value; null removes the row
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record StoredWrite(Table table, byte[] key, byte @Nullable [] value) {

  /** How much it adds to a write of the engine, in bytes, nearly. */
  long bytes() {
    return 16L + key.length + (value == null ? 0 : value.length);
  }
}
