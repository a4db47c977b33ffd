package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.InboxRow;
import dev.dormouse.storage.rows.OutboxRow;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.rocksdb.RocksDBException;

/** The description of an actor's rows for people, as {@link StoredFolder#dump} promises. */
final class ActorDump {
  private final ReadTables tables;
  private final RowKeys keys;
  private final ValueCodec codec;

  ActorDump(ReadTables tables, RowKeys keys, ValueCodec codec) {
    this.tables = tables;
    this.keys = keys;
    this.codec = codec;
  }

  long dump(ActorId actor, Consumer<Map<String, Object>> shown) {
    long number = 0;
    for (Table table : tables.tables()) {
      if (table == Table.DUE) {
        continue; // its rows hold only the order of alarms, and do not lie by actor
      }
      byte[] from = keys.encode(actor, table, new byte[0]);
      byte[] end = keys.endOf(actor, table);
      try (ReadTables.Cursor rows = tables.cursor(table, from)) {
        for (ReadTables.Stored row = rows.row();
            row != null && Arrays.compareUnsigned(row.key(), end) < 0;
            row = rows.row()) {
          byte[] rowKey = Arrays.copyOfRange(row.key(), from.length, row.key().length);
          shown.accept(row(actor, table, rowKey, row));
          number++;
          rows.next();
        }
      } catch (RocksDBException e) {
        throw new CorruptRowException(
            "the rows of actor "
                + actor
                + " in table "
                + table
                + " cannot be read to their end: "
                + e.getMessage(),
            e);
      }
    }
    return number;
  }

  private Map<String, Object> row(
      ActorId actor, Table table, byte[] rowKey, ReadTables.Stored stored) {
    Map<String, Object> shown = new LinkedHashMap<>();
    byte[] payload = RowSeal.open(stored.key(), stored.value());
    boolean isOwn = table == Table.ACTOR && rowKey.length == ActorRow.KEY.length;
    boolean isReplies = table == Table.ACTOR && Arrays.equals(rowKey, AutoRepliesRow.key());
    switch (table) {
      case ACTOR -> shown.put("row", isOwn ? "actor" : isReplies ? "autoReplies" : "unknown");
      case CONNECTION -> shown.put("row", "connection");
      case VALUE, ALARM, DUE, REQUEST, OUTBOX, INBOX -> shown.put("row", RocksTables.nameOf(table));
    }
    if (isOwn) {
      shown.put("type", actor.type());
      shown.put("key", actor.key());
    } else if (!isReplies) {
      shown.put(table == Table.CONNECTION ? "id" : "key", nameOf(table, rowKey));
    }
    try {
      if (payload == null) {
        throw new CorruptRowException("the stored value " + RowSeal.faultOf(stored.value()), null);
      }
      if (isOwn) {
        putActor(shown, ActorRow.decode(payload));
      } else if (isReplies) {
        putReplies(shown, AutoRepliesRow.decodeOrNone(payload));
      } else if (table == Table.CONNECTION) {
        putConnection(shown, ConnectionRow.decode(payload));
      } else if (table == Table.VALUE) {
        shown.put("value", codec.describe(payload));
      } else if (table == Table.REQUEST) {
        putRequest(shown, RequestRow.decode(payload));
      } else if (table == Table.OUTBOX) {
        OutboxRow told = OutboxRow.decode(payload);
        shown.put("target", told.target().toString());
        shown.put("call", told.name());
        shown.put("bytes", told.call().length);
      } else if (table == Table.INBOX) {
        InboxRow last = InboxRow.decode(payload);
        shown.put("epoch", last.epoch());
        shown.put("number", last.number());
      } else {
        putAlarm(shown, AlarmRow.decode(payload));
      }
    } catch (CorruptRowException e) {
      shown.putAll(ValueCodec.unreadable(e, stored.value()));
    }
    return shown;
  }

  private static void putActor(Map<String, Object> shown, ActorRow row) {
    shown.put("epoch", row.epoch());
    shown.put("wakes", row.activations());
    shown.put("connections", row.connections());
    Map<String, Object> byRun = new LinkedHashMap<>();
    row.gateways().forEach(each -> byRun.put(Long.toString(each.run()), each.connections()));
    shown.put("connectionsByRun", byRun);
  }

  private static void putRequest(Map<String, Object> shown, RequestRow row) {
    shown.put("status", row.status());
    HttpResponse answer = row.answer();
    shown.put("isAnswerKept", answer != null);
    if (answer != null) {
      shown.put("bodyBytes", answer.bodyView().remaining());
    }
  }

  private static void putReplies(Map<String, Object> shown, AutoRepliesRow row) {
    List<Object> replies = new ArrayList<>();
    for (AutoReply reply : row.replies()) {
      Map<String, Object> pair = new LinkedHashMap<>();
      pair.put("request", reply.request());
      pair.put("reply", reply.reply());
      replies.add(pair);
    }
    shown.put("replies", replies);
  }

  private void putConnection(Map<String, Object> shown, ConnectionRow row) {
    shown.put("acceptedAt", Instant.ofEpochMilli(row.acceptedAtMs()).toString());
    shown.put("tags", row.tags());
    if (row.sequence() == ConnectionRow.FAILED) {
      shown.put("isFailed", true);
    } else if (row.sequence() > 0) {
      shown.put("sequence", row.sequence());
    }
    ConnectionRow.Request request = row.request();
    if (request != null) {
      shown.put("path", request.path());
      shown.put("remoteAddress", request.remoteAddress());
    }
    ConnectionRow.Closing closing = row.closing();
    if (closing != null) {
      shown.put("closeCode", closing.code());
      shown.put("closeReason", closing.reason());
    }
    byte[] attachment = row.attachment();
    if (attachment != null) {
      shown.put("attachment", codec.describe(attachment));
    }
  }

  private static void putAlarm(Map<String, Object> shown, AlarmRow row) {
    if (row.clock() == DueClock.WALL) {
      shown.put("due", Instant.ofEpochMilli(row.dueMs()).toString());
    } else {
      shown.put("dueByRunningMs", row.dueMs());
    }
    shown.put("failures", row.failures());
  }

  /** Returns a row's key as people know it: an id, a number, a text, or hexadecimal digits. */
  static String nameOf(Table table, byte[] rowKey) {
    if (table == Table.REQUEST && rowKey.length == Long.BYTES) {
      return Long.toString(RequestRow.requestOf(rowKey));
    }
    if (table == Table.CONNECTION && rowKey.length == Long.BYTES) {
      return new ConnectionId(ByteBuffer.wrap(rowKey).getLong()).toString();
    }
    if (table == Table.INBOX) {
      try {
        return InboxRow.senderOf(rowKey).toString();
      } catch (CorruptRowException e) {
        return RowKeys.hex(rowKey);
      }
    }
    String text = new String(rowKey, StandardCharsets.UTF_8);
    boolean isText =
        (table == Table.VALUE || table == Table.ALARM)
            && Arrays.equals(text.getBytes(StandardCharsets.UTF_8), rowKey);
    return isText ? text : RowKeys.hex(rowKey);
  }
}
