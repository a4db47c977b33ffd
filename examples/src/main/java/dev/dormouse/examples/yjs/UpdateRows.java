package dev.dormouse.examples.yjs;

import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.StorageKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * A document's updates in the storage of its actor. Each update is a row of its own, in as many
 * values as it needs. After every {@value #RUN} updates the newest rows are merged into one, and
 * with it the rows before that are not larger. So a document of many updates has few rows, and an
 * update is rewritten about as often as the document doubles.
 */
final class UpdateRows {
  /** The most bytes that the rows of a document have. */
  static final int DOCUMENT_BYTES_MAX = 32 << 20;

  private static final int RUN = 64;
  private static final int PART_BYTES = 256 << 10;

  /** The number of values that are read at once, which have at most 25 MiB. */
  private static final int PAGE = 100;

  private static final String ROW = "update/";
  private static final String FIRST_PART = "/0000";
  private static final StorageKey<Long> BYTES = StorageKey.of("bytes", Long.class);

  /** The number of the next row; -1 if it is not known yet. */
  private long next = -1;

  /** Returns whether an update has room. */
  boolean hasRoomFor(Storage storage, byte[] update) {
    return storage.getOrDefault(BYTES, 0L) + update.length <= DOCUMENT_BYTES_MAX;
  }

  void add(Storage storage, byte[] update) {
    if (next < 0) {
      List<Storage.Entry<byte[]>> last =
          storage.list(KeyRange.prefix(ROW).reversed().limit(1), byte[].class);
      next = last.isEmpty() ? 0 : rowOf(last.get(0).key()) + 1;
    }
    put(storage, next, update);
    next++;
    if (next % RUN == 0) {
      compact(storage);
    }
  }

  /** Returns the whole document. */
  Update load(Storage storage) {
    List<Update> updates = new ArrayList<>();
    Deque<byte[]> parts = new ArrayDeque<>();
    KeyRange rest = KeyRange.prefix(ROW).limit(PAGE);
    List<Storage.Entry<byte[]>> page = storage.list(rest, byte[].class);
    while (!page.isEmpty()) {
      for (Storage.Entry<byte[]> part : page) {
        if (part.key().endsWith(FIRST_PART) && !parts.isEmpty()) {
          updates.add(Update.read(joined(parts)));
          parts.clear();
        }
        parts.add(part.value());
      }
      page = storage.list(rest.after(page.get(page.size() - 1).key()), byte[].class);
    }
    if (!parts.isEmpty()) {
      updates.add(Update.read(joined(parts)));
    }
    return Update.merge(updates);
  }

  private void compact(Storage storage) {
    List<Update> updates = new ArrayList<>();
    long mergedBytes = 0;
    String first = "";
    Deque<byte[]> parts = new ArrayDeque<>();
    long bytes = 0;
    KeyRange rest = KeyRange.prefix(ROW).reversed().limit(PAGE);
    List<Storage.Entry<byte[]>> page = storage.list(rest, byte[].class);
    boolean isOver = false;
    while (!page.isEmpty() && !isOver) {
      for (Storage.Entry<byte[]> part : page) {
        parts.addFirst(part.value());
        bytes += part.value().length;
        if (updates.size() >= RUN && bytes > mergedBytes) {
          isOver = true;
          break;
        }
        if (part.key().endsWith(FIRST_PART)) {
          updates.add(Update.read(joined(parts)));
          mergedBytes += bytes;
          first = part.key();
          parts.clear();
          bytes = 0;
        }
      }
      page = storage.list(rest.before(page.get(page.size() - 1).key()), byte[].class);
    }
    storage.deleteAll(KeyRange.prefix(ROW).from(first));
    storage.increment(BYTES, -mergedBytes);
    put(storage, next - 1, Update.merge(updates).bytes());
  }

  private static void put(Storage storage, long row, byte[] update) {
    for (int from = 0, part = 0; from < update.length; from += PART_BYTES, part++) {
      storage.put(
          ROW + "%013x/%04x".formatted(row, part),
          Arrays.copyOfRange(update, from, Math.min(update.length, from + PART_BYTES)));
    }
    storage.increment(BYTES, update.length);
  }

  private static long rowOf(String key) {
    return Long.parseLong(key.substring(ROW.length(), key.lastIndexOf('/')), 16);
  }

  private static byte[] joined(Deque<byte[]> parts) {
    ByteWriter out = new ByteWriter();
    parts.forEach(part -> out.raw(part, 0, part.length));
    return out.bytes();
  }
}
