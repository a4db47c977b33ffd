package dev.dormouse.server.simulation;

import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The rows of one actor. */
final class Rows {
  private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);

  Rows() {
    for (Table table : Table.values()) {
      tables.put(table, new TreeMap<>(Arrays::compareUnsigned));
    }
  }

  /** Returns a copy with other maps; the arrays are shared, since nobody changes them. */
  Rows copy() {
    Rows copy = new Rows();
    tables.forEach((table, rows) -> copy.table(table).putAll(rows));
    return copy;
  }

  NavigableMap<byte[], byte[]> table(Table table) {
    return tables.get(table);
  }

  void apply(TurnBatch batch) {
    for (TurnBatch.Clear clear : batch.cleared()) {
      table(clear.table()).keySet().removeIf(clear.span()::contains);
    }
    for (TurnBatch.Write write : batch.writes()) {
      if (write.value() == null) {
        table(write.table()).remove(write.key());
      } else {
        table(write.table()).put(write.key(), write.value());
      }
    }
  }

  byte @Nullable [] get(Table table, byte[] key) {
    byte[] value = table(table).get(key);
    return value == null ? null : value.clone();
  }

  List<Row> scan(Table table, KeySpan span, int limit) {
    NavigableMap<byte[], byte[]> rows = table(table);
    List<Row> found = new ArrayList<>();
    (span.isReversed() ? rows.descendingMap() : rows)
        .forEach(
            (key, value) -> {
              if (found.size() < limit && span.contains(key)) {
                found.add(new Row(key.clone(), value.clone()));
              }
            });
    return found;
  }
}
