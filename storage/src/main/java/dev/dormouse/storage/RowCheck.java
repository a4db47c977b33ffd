package dev.dormouse.storage;

import dev.dormouse.log.Counted;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.StoredValueException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * Checks rows: of each its key, its seal and its form, and what the application can make of it; and
 * that actors have as many connections as they say, and each alarm its place.
 */
final class RowCheck {
  /** How many things that are passed over are told apart; further ones are not told. */
  private static final int NOTES_MAX = 1_000;

  private final ReadTables tables;
  private final RowKeys keys;
  private final Function<String, @Nullable ValueCodec> codecs;
  private final Consumer<String> faults;

  /** How many rows have something that today's classes pass over, by what that is. */
  private final Map<String, Long> passedOver = new TreeMap<>();

  private long actors;
  private long connections;
  private long values;
  private long alarms;

  /** Whose connections are being counted, and how many there are so far. */
  private @Nullable ActorId counting;

  private int counted;

  RowCheck(
      ReadTables tables,
      RowKeys keys,
      Function<String, @Nullable ValueCodec> codecs,
      Consumer<String> faults) {
    this.tables = tables;
    this.keys = keys;
    this.codecs = codecs;
    this.faults = faults;
  }

  void run() {
    tables.tables().forEach(this::checkRows);
  }

  /** What is no fault, but may be a mistake of the application's author, in sentences. */
  List<String> notes() {
    return passedOver.entrySet().stream()
        .map(
            each ->
                each.getKey()
                    + " is stored in "
                    + Counted.of(each.getValue(), "value")
                    + ", and the class has it no more, so it is passed over; if it was renamed,"
                    + " have ActorOptions.migrates read it by its old name")
        .toList();
  }

  long actors() {
    return actors;
  }

  long connections() {
    return connections;
  }

  long values() {
    return values;
  }

  long alarms() {
    return alarms;
  }

  private static String connections(long number) {
    return Counted.of(number, "connection");
  }

  private void fault(String what) {
    faults.accept(what);
  }

  private void checkRows(Table table) {
    try (ReadTables.Cursor rows = tables.cursor(table, new byte[0])) {
      for (ReadTables.Stored row = rows.row(); row != null; row = rows.row()) {
        checkRow(table, row);
        rows.next();
      }
      if (table == Table.CONNECTION) {
        compareConnections(null);
      }
    } catch (RocksDBException e) {
      fault("table " + table + " cannot be read to its end: " + e.getMessage());
    }
  }

  private void checkRow(Table table, ReadTables.Stored row) throws RocksDBException {
    RowKeys.Place place;
    try {
      place = keys.decode(table, row.key());
    } catch (CorruptRowException e) {
      fault(String.valueOf(e.getMessage()));
      return;
    }
    count(table, place);
    byte[] payload = RowSeal.open(row.key(), row.value());
    if (payload == null) {
      fault(nameOf(table, place) + "the stored value " + RowSeal.faultOf(row.value()));
      return;
    }
    try {
      switch (table) {
        case ACTOR -> {
          if (isOwnRow(place)) {
            checkActor(place.actor(), ActorRow.decode(payload));
          } else {
            AutoRepliesRow.decodeOrNone(payload);
          }
        }
        case CONNECTION -> checkValue(place.actor(), ConnectionRow.decode(payload).attachment());
        case VALUE -> checkValue(place.actor(), payload);
        case ALARM -> checkAlarm(place, AlarmRow.decode(payload));
        case DUE -> checkDue(DueAlarm.of(place.actor(), place.rowKey()));
      }
    } catch (CorruptRowException | StoredValueException | IllegalArgumentException e) {
      fault(nameOf(table, place) + e.getMessage());
    }
  }

  private void count(Table table, RowKeys.Place place) throws RocksDBException {
    if (table == Table.ACTOR && isOwnRow(place)) {
      actors++;
    } else if (table == Table.CONNECTION) {
      if (!place.actor().equals(counting)) {
        compareConnections(place.actor());
      }
      connections++;
      counted++;
    } else if (table == Table.VALUE) {
      values++;
    } else if (table == Table.ALARM) {
      alarms++;
    }
  }

  private static boolean isOwnRow(RowKeys.Place place) {
    return place.rowKey().length == ActorRow.KEY.length;
  }

  /** That an actor with connections has as many as it says is checked with those. */
  private void checkActor(ActorId actor, ActorRow row) throws RocksDBException {
    if (row.connections() == 0) {
      return;
    }
    byte[] first = keys.encode(actor, Table.CONNECTION, new byte[0]);
    try (ReadTables.Cursor rows = tables.cursor(Table.CONNECTION, first)) {
      ReadTables.Stored next = rows.row();
      byte[] end = keys.endOf(actor, Table.CONNECTION);
      if (next == null || Arrays.compareUnsigned(next.key(), end) >= 0) {
        fault("actor " + actor + " counts " + connections(row.connections()) + " and has none");
      }
    }
  }

  /** The connections of an actor lie together: here are all of the one, and those of the next. */
  private void compareConnections(@Nullable ActorId next) throws RocksDBException {
    ActorId actor = counting;
    if (actor != null) {
      byte[] key = keys.encode(actor, Table.ACTOR, ActorRow.KEY);
      byte[] stored = tables.get(Table.ACTOR, key);
      byte[] payload = stored == null ? null : RowSeal.open(key, stored);
      if (stored == null) {
        fault("actor " + actor + " has " + connections(counted) + " and no row of its own");
      } else if (payload != null && ActorRow.decode(payload).connections() != counted) {
        fault(
            "actor "
                + actor
                + " counts "
                + connections(ActorRow.decode(payload).connections())
                + " and has "
                + counted);
      }
    }
    counting = next;
    counted = 0;
  }

  /** An alarm without a place in the order of alarms would never come due. */
  private void checkAlarm(RowKeys.Place place, AlarmRow alarm) throws RocksDBException {
    String name = new String(place.rowKey(), StandardCharsets.UTF_8);
    DueAlarm due = alarm.place(place.actor(), name);
    if (tables.get(Table.DUE, keys.encode(place.actor(), Table.DUE, due.key())) == null) {
      fault("actor " + place.actor() + ", alarm '" + name + "' would never come due");
    }
  }

  private void checkDue(DueAlarm due) throws RocksDBException {
    byte[] key = keys.encode(due.actor(), Table.ALARM, due.name().getBytes(StandardCharsets.UTF_8));
    byte[] stored = tables.get(Table.ALARM, key);
    byte[] payload = stored == null ? null : RowSeal.open(key, stored);
    boolean isDamaged = stored != null && payload == null; // told with its own row
    if (!isDamaged
        && (payload == null
            || !AlarmRow.decode(payload).place(due.actor(), due.name()).equals(due))) {
      fault(
          "actor "
              + due.actor()
              + ", alarm '"
              + due.name()
              + "' would come due, and is not stored");
    }
  }

  private void checkValue(ActorId actor, byte @Nullable [] value) {
    ValueCodec codec = codecs.apply(actor.type());
    if (codec != null && value != null) {
      codec.decode(value);
      for (String gone : codec.passedOver(value)) {
        String what = "actor type " + actor.type() + ", " + gone;
        if (passedOver.size() < NOTES_MAX || passedOver.containsKey(what)) {
          passedOver.merge(what, 1L, Long::sum);
        }
      }
    }
  }

  private static String nameOf(Table table, RowKeys.Place place) {
    return "actor "
        + place.actor()
        + ", table "
        + table
        + ", key "
        + ActorDump.nameOf(table, place.rowKey())
        + ": ";
  }
}
