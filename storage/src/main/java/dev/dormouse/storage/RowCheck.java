package dev.dormouse.storage;

import dev.dormouse.log.Counted;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.InboxRow;
import dev.dormouse.storage.rows.OutboxRow;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * The check of all rows of a folder. Each row must have a possible key, a right seal, a readable
 * form and a value that the application can read. Each actor must have as many connections of each
 * gateway as its row counts, and each alarm must have its place in the order of time.
 */
final class RowCheck {
  /** The most kinds of fields without a class that are reported; further kinds are left out. */
  private static final int NOTES_MAX = 1_000;

  private final ReadTables tables;
  private final RowKeys keys;
  private final Function<String, @Nullable ValueCodec> codecs;
  private final Consumer<String> faults;

  /** The number of rows with a field that today's class does not have, by the field's name. */
  private final Map<String, Long> passedOver = new TreeMap<>();

  private long actors;
  private long connections;
  private long values;
  private long alarms;

  /** The actor whose connections are being counted; null before the first and after the last. */
  private @Nullable ActorId counting;

  /** A row with the connections of that actor so far. */
  private ActorRow counted = ActorRow.NONE;

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

  /** Returns what is no fault but may be a mistake of the application's author, as sentences. */
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
        case REQUEST -> checkRequest(place, RequestRow.decode(payload));
        case OUTBOX -> {
          long unused = OutboxRow.numberOf(place.rowKey());
          OutboxRow.decode(payload);
        }
        case INBOX -> {
          InboxRow.senderOf(place.rowKey());
          InboxRow.decode(payload);
        }
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
      counted = counted.with(runOf(place.rowKey()), 1);
    } else if (table == Table.VALUE) {
      values++;
    } else if (table == Table.ALARM) {
      alarms++;
    }
  }

  private void checkRequest(RowKeys.Place place, RequestRow row) {
    long request = RequestRow.requestOf(place.rowKey());
    HttpResponse answer = row.answer();
    if (answer != null && answer.bodyView().remaining() > RequestRow.BODY_BYTES_MAX) {
      fault("actor " + place.actor() + ", request " + request + " has an answer that is too large");
    }
  }

  private static boolean isOwnRow(RowKeys.Place place) {
    return place.rowKey().length == ActorRow.KEY.length;
  }

  /**
   * Checks that an actor whose row counts connections has any. {@link #compareConnections} compares
   * the numbers.
   */
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

  /**
   * Compares the number of connections of the actor that was counted with its row, and begins to
   * count those of the next actor. The connections of an actor lie together.
   */
  private void compareConnections(@Nullable ActorId next) throws RocksDBException {
    ActorId actor = counting;
    if (actor != null) {
      byte[] key = keys.encode(actor, Table.ACTOR, ActorRow.KEY);
      byte[] stored = tables.get(Table.ACTOR, key);
      byte[] payload = stored == null ? null : RowSeal.open(key, stored);
      if (stored == null) {
        fault(
            "actor "
                + actor
                + " has "
                + connections(counted.connections())
                + " and no row of its own");
      } else if (payload != null) {
        compareConnections(actor, ActorRow.decode(payload));
      }
    }
    counting = next;
    counted = ActorRow.NONE;
  }

  private void compareConnections(ActorId actor, ActorRow row) {
    String counts = "actor " + actor + " counts ";
    if (row.connections() != counted.connections()) {
      fault(counts + connections(row.connections()) + " and has " + counted.connections());
    } else if (!row.gateways().equals(counted.gateways())) {
      fault(counts + byRun(row) + " and has " + byRun(counted));
    }
  }

  private static String byRun(ActorRow row) {
    return row.gateways().stream()
        .map(each -> connections(each.connections()) + " of run " + each.run())
        .collect(Collectors.joining(", "));
  }

  /** Returns the run in a connection's key; 0 if the key is not that of a connection. */
  private static long runOf(byte[] connectionKey) {
    return connectionKey.length == Long.BYTES
        ? new ConnectionId(ByteBuffer.wrap(connectionKey).getLong()).run()
        : 0;
  }

  /** Checks that an alarm has its place in the order of time; without it, it never comes due. */
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
    boolean isDamaged = stored != null && payload == null; // its own row was reported
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
