package dev.dormouse.server.host.rows;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.TurnBatch.Clear;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
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
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An actor's rows as its turns see them: the rows of the store, overlaid with the writes of turns
 * whose commit is on its way, overlaid with the writes of the open turn.
 *
 * <p>An instance belongs to a cell and outlives its activations, since the next activation must see
 * the writes that are on their way, too. It is used by the thread that runs the cell.
 */
public final class ActorRows {
  /** A written value, empty for a removed row, and the turn that wrote it. */
  private record Unsettled(Optional<byte[]> value, long turn) {}

  private static final NavigableMap<RowKey, Optional<byte[]>> NO_WRITES =
      Collections.emptyNavigableMap();
  private static final Map<Long, List<Clear>> NO_CLEARS = Map.of();

  private final ActorStore store;
  private final ActorId actor;
  private final Quarantine quarantine;

  /**
   * For each key the last write that is on its way to the store, without writes that a later turn
   * cleared.
   */
  private final TreeMap<RowKey, Unsettled> unsettled = new TreeMap<>();

  /** The last turn with a write in {@code unsettled}. */
  private long lastUnsettled;

  /**
   * The cleared ranges that are on their way to the store, by turn. A write in {@code unsettled}
   * inside of such a range is newer than the range.
   */
  private Map<Long, List<Clear>> unsettledClears = NO_CLEARS;

  /** The open turn's writes, which are newer than {@code openClears}. */
  private NavigableMap<RowKey, Optional<byte[]>> open = NO_WRITES;

  /** The failure of the open turn to read the store; null if there was none. */
  private @Nullable UncheckedIOException unreadable;

  /** The ranges that the open turn clears before its writes. */
  private List<Clear> openClears = List.of();

  /** True if the open turn has met a row that it cannot read or understand. */
  private boolean hasMetUnreadable;

  /** Creates the view of an actor's rows without writes on top of those of the store. */
  public ActorRows(ActorStore store, ActorId actor, Quarantine quarantine) {
    this.store = store;
    this.actor = actor;
    this.quarantine = quarantine;
  }

  /** Returns the actor to which the rows belong. */
  public ActorId actor() {
    return actor;
  }

  /** Returns where the open turn notes a row that it cannot read or understand. */
  public Quarantine quarantine() {
    hasMetUnreadable = true;
    return quarantine;
  }

  /** Returns whether the open turn has noted a row that it cannot read or understand. */
  public boolean hasMetUnreadable() {
    return hasMetUnreadable;
  }

  /** Begins a turn, with its writes and the ranges that it clears before them. */
  public void open(NavigableMap<RowKey, Optional<byte[]>> writes, List<Clear> clears) {
    open = writes;
    unreadable = null;
    hasMetUnreadable = false;
    openClears = clears;
  }

  /** Notes that the open turn's writes are on their way to the store. */
  public void handedIn(long turn) {
    if (!openClears.isEmpty()) {
      openClears.forEach(clear -> without(unsettled, clear));
      unsettledClears = unsettledClears == NO_CLEARS ? new TreeMap<>() : unsettledClears;
      unsettledClears.put(turn, List.copyOf(openClears));
    }
    open.forEach((key, value) -> unsettled.put(key, new Unsettled(value, turn)));
    lastUnsettled = turn;
    discard();
  }

  /** Forgets the open turn's writes. */
  public void discard() {
    open(NO_WRITES, List.of());
  }

  /** Notes that all turns up to this one are in the store. */
  public void settle(long turn) {
    if (lastUnsettled <= turn) {
      unsettled.clear();
    } else {
      unsettled.values().removeIf(u -> u.turn <= turn);
    }
    if (!unsettledClears.isEmpty()) {
      unsettledClears.keySet().removeIf(t -> t <= turn);
    }
  }

  /** Forgets all writes that are not known to be in the store, so that the store is read again. */
  public void forget() {
    unsettled.clear();
    unsettledClears = NO_CLEARS;
    discard();
  }

  /**
   * Returns a row's value; null if there is no row.
   *
   * @throws dev.dormouse.storage.rows.CorruptRowException if the row cannot be read
   */
  public byte @Nullable [] get(RowKey key) {
    Optional<byte[]> written = open.get(key);
    if (written == null && clearing(openClears, key.table(), key.bytes()) == null) {
      Unsettled onItsWay = unsettled.get(key);
      if (onItsWay != null) {
        written = onItsWay.value;
      } else if (clearing(clears(), key.table(), key.bytes()) == null) {
        return read(() -> store.get(actor, key.table(), key.bytes()));
      }
    }
    return written == null ? null : written.orElse(null);
  }

  /**
   * Returns whether a connection is stored, even if its row cannot be understood.
   *
   * @throws UncheckedIOException if the store cannot be read
   */
  public boolean has(ConnectionId connection) {
    try {
      return get(RowKey.connection(connection)) != null;
    } catch (CorruptRowException e) {
      return true;
    }
  }

  /** Returns whether a connection is stored, or may be stored since the store cannot be read. */
  public boolean mayHave(ConnectionId connection) {
    try {
      return has(connection);
    } catch (UncheckedIOException e) {
      return true;
    }
  }

  /**
   * Returns why the open turn could not read the store; null if it could. Such a turn must not be
   * kept, even if its handler has caught the exception, since the handler did not see what is
   * stored.
   */
  public @Nullable UncheckedIOException unreadable() {
    return unreadable;
  }

  private <T extends @Nullable Object> T read(Supplier<T> reading) {
    NavigableMap<RowKey, Optional<byte[]>> reader = open;
    try {
      return reading.get();
    } catch (UncheckedIOException e) {
      if (reader != NO_WRITES && reader == open) { // else the reader's turn is not open any more
        unreadable = e;
      }
      throw e;
    }
  }

  /**
   * Returns the first rows of a span in order, as {@link ActorStore#scan} does, with the writes
   * that are not in the store yet. A row that cannot be read has a null value.
   */
  public List<Row> scan(Table table, KeySpan span, int limit) {
    NavigableMap<RowKey, Optional<byte[]>> overlay = overlay(table, span);
    List<Clear> clears = clears();
    if (overlay.isEmpty() && clears.isEmpty()) {
      return read(() -> store.scan(actor, table, span, limit));
    }
    List<Row> rows = new ArrayList<>();
    long bytes = 0;
    StorePages stored = new StorePages(table, span, limit, clears);
    Row row = stored.next();
    Iterator<Map.Entry<RowKey, Optional<byte[]>>> written = overlay.entrySet().iterator();
    Map.Entry<RowKey, Optional<byte[]>> write = written.hasNext() ? written.next() : null;
    while (rows.size() < limit && bytes < ActorStore.READ_BYTES_MAX) {
      Row found;
      if (row != null && (write == null || compare(row.key(), write.getKey(), span) < 0)) {
        found = row;
        row = stored.next();
      } else if (write != null) {
        if (row != null && compare(row.key(), write.getKey(), span) == 0) {
          row = stored.next();
        }
        byte[] value = write.getValue().orElse(null);
        found = value == null ? null : new Row(write.getKey().bytes(), value);
        write = written.hasNext() ? written.next() : null;
      } else {
        break;
      }
      if (found != null) {
        rows.add(found);
        bytes += found.bytes();
      }
    }
    return rows;
  }

  /**
   * Returns the keys of a span in order; null if there may be more than {@code most}. Values are
   * not read.
   *
   * @throws dev.dormouse.storage.rows.CorruptRowException if the store cannot go on from row to row
   */
  public @Nullable List<RowKey> keys(Table table, KeySpan span, int most) {
    List<byte[]> stored = read(() -> store.keys(actor, table, span, most + 1));
    if (stored.size() > most) {
      return null;
    }
    List<Clear> clears = clears();
    TreeSet<RowKey> keys = new TreeSet<>();
    for (byte[] key : stored) {
      if (clearing(clears, table, key) == null) {
        keys.add(new RowKey(table, key));
      }
    }
    overlay(table, span)
        .forEach(
            (key, value) -> {
              if (value.isPresent()) {
                keys.add(key);
              } else {
                keys.remove(key);
              }
            });
    return keys.size() > most ? null : List.copyOf(keys);
  }

  /** Returns all cleared ranges that are not in the store yet. */
  private List<Clear> clears() {
    if (unsettledClears.isEmpty()) {
      return openClears;
    }
    List<Clear> all = new ArrayList<>(openClears);
    unsettledClears.values().forEach(all::addAll);
    return all;
  }

  /** Returns one of the cleared ranges that contain a row; null if none does. */
  private static @Nullable KeySpan clearing(List<Clear> clears, Table table, byte[] key) {
    for (Clear clear : clears) {
      if (clear.table() == table && clear.span().contains(key)) {
        return clear.span();
      }
    }
    return null;
  }

  /** Removes from writes the rows that a later cleared range contains. */
  public static void without(NavigableMap<RowKey, ?> writes, Clear cleared) {
    within(writes, cleared.table(), cleared.span()).keySet().forEach(writes::remove);
  }

  private static int compare(byte[] a, RowKey b, KeySpan span) {
    int order = Arrays.compareUnsigned(a, b.bytes());
    return span.isReversed() ? -order : order;
  }

  private NavigableMap<RowKey, Optional<byte[]>> overlay(Table table, KeySpan span) {
    if (unsettled.isEmpty() && open.isEmpty()) {
      return NO_WRITES;
    }
    NavigableMap<RowKey, Optional<byte[]>> overlay = new TreeMap<>();
    within(unsettled, table, span).forEach((key, u) -> overlay.put(key, u.value));
    openClears.forEach(clear -> without(overlay, clear));
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

  /** Returns the store's rows of a span that are not cleared one by one; reads them in pages. */
  private final class StorePages {
    private final Table table;
    private final int pageSize;
    private final List<Clear> clears;
    private KeySpan rest;
    private List<Row> page = List.of();
    private int at;
    private boolean isLast;

    StorePages(Table table, KeySpan span, int limit, List<Clear> clears) {
      this.table = table;
      this.rest = span;
      this.pageSize = Math.min(limit, 256);
      this.clears = clears;
    }

    @Nullable Row next() {
      while (at < page.size() || !isLast) {
        if (at == page.size()) {
          readPage();
          continue;
        }
        Row row = page.get(at++);
        KeySpan cleared = clearing(clears, table, row.key());
        if (cleared == null) {
          return row;
        }
        if (cleared.contains(page.get(page.size() - 1).key())) {
          passOver(cleared);
        }
      }
      return null;
    }

    private void readPage() {
      KeySpan span = rest;
      page = read(() -> store.scan(actor, table, span, pageSize));
      at = 0;
      isLast = page.size() < pageSize && !ActorStore.isFull(page);
      if (!isLast) {
        rest = rest.beyond(page.get(page.size() - 1).key());
      }
    }

    /** Skips a cleared span, which may contain any number of rows. */
    private void passOver(KeySpan cleared) {
      at = page.size();
      if (rest.isReversed()) {
        rest = new KeySpan(rest.from(), cleared.from(), true);
      } else if (cleared.to() == null) {
        isLast = true;
      } else {
        rest = new KeySpan(cleared.to(), rest.to(), false);
      }
    }
  }
}
