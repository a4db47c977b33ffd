package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.KeySpan;
import dev.dormouse.storage.Table;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An actor's rows as its turns see them: what the store has, overlaid with the writes of turns
 * whose commit is on its way, overlaid with those of the open turn.
 *
 * <p>Belongs to the cell, and outlives an activation: writes on their way are true for the next one
 * too. Used by whoever runs the cell.
 */
final class ActorRows {
  /** A written value; empty for a removed row. */
  private record Unsettled(Optional<byte[]> value, long turn) {}

  private static final NavigableMap<RowKey, Optional<byte[]>> NO_WRITES =
      Collections.emptyNavigableMap();

  private final ActorStore store;
  private final ActorId actor;
  private final Quarantine quarantine;
  private final TreeMap<RowKey, Unsettled> unsettled = new TreeMap<>();
  private NavigableMap<RowKey, Optional<byte[]>> open = NO_WRITES;

  /** Null unless the open turn could not read the store. */
  private @Nullable UncheckedIOException unreadable;

  ActorRows(ActorStore store, ActorId actor, Quarantine quarantine) {
    this.store = store;
    this.actor = actor;
    this.quarantine = quarantine;
  }

  /** Whose rows they are. */
  ActorId actor() {
    return actor;
  }

  /** Where rows that cannot be read, or understood, are noted. */
  Quarantine quarantine() {
    return quarantine;
  }

  /** The writes of the turn that is open from here on. */
  void open(NavigableMap<RowKey, Optional<byte[]>> writes) {
    open = writes;
    unreadable = null;
  }

  /** The open turn's writes are on their way. */
  void handedIn(long turn) {
    open.forEach((key, value) -> unsettled.put(key, new Unsettled(value, turn)));
    discard();
  }

  /** The open turn's writes are forgotten. */
  void discard() {
    open(NO_WRITES);
  }

  /** All turns up to this one are in the store. */
  void settle(long turn) {
    if (!unsettled.isEmpty()) {
      unsettled.values().removeIf(u -> u.turn <= turn);
    }
  }

  /** Nothing is known of what was on its way: read the store again. */
  void forget() {
    unsettled.clear();
    open = NO_WRITES;
  }

  /**
   * A row's value; null if there is none.
   *
   * @throws dev.dormouse.storage.CorruptRowException if it cannot be read
   */
  byte @Nullable [] get(RowKey key) {
    Optional<byte[]> written = open.get(key);
    if (written != null) {
      return written.orElse(null);
    }
    Unsettled onItsWay = unsettled.get(key);
    return onItsWay != null
        ? onItsWay.value.orElse(null)
        : read(() -> store.get(actor, key.table(), key.bytes()));
  }

  /** Whether a connection is stored; true if that cannot be told. */
  boolean mayHave(ConnectionId connection) {
    try {
      return get(RowKey.connection(connection)) != null;
    } catch (RuntimeException e) {
      return true;
    }
  }

  /**
   * Why the open turn could not read the store; null if it could. Whatever its handler has made of
   * that, it has not seen what is stored.
   */
  @Nullable UncheckedIOException unreadable() {
    return unreadable;
  }

  private <T extends @Nullable Object> T read(Supplier<T> reading) {
    NavigableMap<RowKey, Optional<byte[]>> reader = open;
    try {
      return reading.get();
    } catch (UncheckedIOException e) {
      if (reader != NO_WRITES && reader == open) { // or it was abandoned, and another is open
        unreadable = e;
      }
      throw e;
    }
  }

  /** Rows in order, at most so many; the value of one that cannot be read is null. */
  List<Row> scan(Table table, KeySpan span, int limit) {
    NavigableMap<RowKey, Optional<byte[]>> overlay = overlay(table, span);
    if (overlay.isEmpty()) {
      return read(() -> store.scan(actor, table, span, limit));
    }
    List<Row> rows = new ArrayList<>();
    StorePages stored = new StorePages(table, span, limit);
    Row row = stored.next();
    for (Map.Entry<RowKey, Optional<byte[]>> written : overlay.entrySet()) {
      byte[] key = written.getKey().bytes();
      while (row != null && rows.size() < limit && compare(row.key(), key, span) < 0) {
        rows.add(row);
        row = stored.next();
      }
      if (row != null && compare(row.key(), key, span) == 0) {
        row = stored.next();
      }
      if (rows.size() < limit) {
        written.getValue().ifPresent(value -> rows.add(new Row(key, value)));
      }
    }
    while (row != null && rows.size() < limit) {
      rows.add(row);
      row = stored.next();
    }
    return rows;
  }

  private static int compare(byte[] a, byte[] b, KeySpan span) {
    int order = Arrays.compareUnsigned(a, b);
    return span.isReversed() ? -order : order;
  }

  private NavigableMap<RowKey, Optional<byte[]>> overlay(Table table, KeySpan span) {
    if (unsettled.isEmpty() && open.isEmpty()) {
      return NO_WRITES;
    }
    NavigableMap<RowKey, Optional<byte[]>> overlay = new TreeMap<>();
    within(unsettled, table, span).forEach((key, u) -> overlay.put(key, u.value));
    overlay.putAll(within(open, table, span));
    return span.isReversed() ? overlay.descendingMap() : overlay;
  }

  private static <V> Map<RowKey, V> within(
      NavigableMap<RowKey, V> rows, Table table, KeySpan span) {
    NavigableMap<RowKey, V> found = new TreeMap<>();
    for (Map.Entry<RowKey, V> entry :
        rows.tailMap(new RowKey(table, span.from()), true).entrySet()) {
      if (entry.getKey().table() != table || !span.contains(entry.getKey().bytes())) {
        break;
      }
      found.put(entry.getKey(), entry.getValue());
    }
    return found;
  }

  /** The store's rows of a span, one at a time, read page by page. */
  private final class StorePages {
    private final Table table;
    private final int pageSize;
    private KeySpan rest;
    private Iterator<Row> page = List.<Row>of().iterator();
    private boolean isLast;

    StorePages(Table table, KeySpan span, int limit) {
      this.table = table;
      this.rest = span;
      this.pageSize = Math.min(limit, 256);
    }

    @Nullable Row next() {
      if (!page.hasNext() && !isLast) {
        KeySpan span = rest;
        List<Row> rows = read(() -> store.scan(actor, table, span, pageSize));
        isLast = rows.size() < pageSize;
        if (!isLast) {
          rest = rest.beyond(rows.get(rows.size() - 1).key());
        }
        page = rows.iterator();
      }
      return page.hasNext() ? page.next() : null;
    }
  }
}
