package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.AlarmRow;
import dev.dormouse.storage.CorruptRowException;
import dev.dormouse.storage.DueAlarm;
import dev.dormouse.storage.DueClock;
import dev.dormouse.storage.KeySpan;
import dev.dormouse.storage.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An actor's alarms as its open turn sees them: for each a row by its name and one by its time,
 * written and removed together.
 */
final class AlarmRows implements Alarms {
  /** What a row costs besides its name. */
  private static final int ROW_BYTES = 64;

  private final Activation activation;
  private final ActorId actor;
  private final ActorRows rows;
  private final RunningTime running;

  /** How many the open turn sees; -1 if they were not counted yet. */
  private int count = -1;

  AlarmRows(Activation activation, ActorId actor, ActorRows rows, RunningTime running) {
    this.activation = activation;
    this.actor = actor;
    this.rows = rows;
    this.running = running;
  }

  @Override
  public void at(String name, Instant due) {
    if (due.isAfter(DUE_MAX)) {
      throw new IllegalArgumentException(
          "alarm '" + name + "' would be due at " + due + ", after " + DUE_MAX);
    }
    boolean isPast = due.isBefore(Instant.EPOCH);
    set(name, new AlarmRow(DueClock.WALL, isPast ? 0 : due.plusNanos(999_999).toEpochMilli()));
  }

  @Override
  public void after(String name, Duration delay) {
    if (delay.isNegative() || delay.compareTo(DELAY_MAX) > 0) {
      throw new IllegalArgumentException(
          "alarm '" + name + "' would be due after " + delay + ", which is not 0 to " + DELAY_MAX);
    }
    long ms = delay.plusNanos(999_999).toMillis();
    set(name, new AlarmRow(DueClock.RUNNING, Math.max(0, running.nowMs() + ms)));
  }

  private void set(String name, AlarmRow row) {
    synchronized (activation) {
      Turn turn = activation.turn();
      RowKey key = key(name);
      AlarmRow before = read(key);
      if (before == null) {
        int others = count();
        if (others >= ALARMS_MAX) {
          throw new LimitExceededException(
              "the number of alarms", others + 1L, ALARMS_MAX, "alarms");
        }
        count = others + 1;
      }
      turn.charge(2L * (key.bytes().length + ROW_BYTES + Turn.OVERHEAD_BYTES));
      write(turn.writes(), actor, name, before, row);
    }
  }

  @Override
  public boolean cancel(String name) {
    synchronized (activation) {
      Turn turn = activation.turn();
      RowKey key = key(name);
      AlarmRow before = read(key);
      if (before != null) {
        turn.charge(2L * (key.bytes().length + Turn.OVERHEAD_BYTES));
        count = count() - 1;
        write(turn.writes(), actor, name, before, null);
      }
      return before != null;
    }
  }

  @Override
  public Optional<Alarm> get(String name) {
    synchronized (activation) {
      activation.turn();
      AlarmRow row = read(key(name));
      return row == null ? Optional.empty() : Optional.of(alarm(name, row, running));
    }
  }

  @Override
  public List<Alarm> list() {
    synchronized (activation) {
      activation.turn();
      return list(rows.scan(Table.ALARM, KeySpan.all(), ALARMS_MAX), running);
    }
  }

  /** The alarms of rows, the one that is due first first. */
  static List<Alarm> list(List<Row> rows, RunningTime running) {
    return rows.stream()
        .map(
            row ->
                alarm(
                    new String(row.key(), StandardCharsets.UTF_8),
                    AlarmRow.decode(row.value()),
                    running))
        .sorted(Comparator.comparing(Alarm::due).thenComparing(Alarm::name))
        .toList();
  }

  private static Alarm alarm(String name, AlarmRow row, RunningTime running) {
    long wallMs =
        row.clock() == DueClock.WALL
            ? row.dueMs()
            : running.wallMs() + row.dueMs() - running.nowMs();
    return new Alarm(name, Instant.ofEpochMilli(wallMs), row.failures() + 1);
  }

  // What the cell does with them.

  /** An alarm rings: it is gone, as far as the open turn sees, unless the handler sets it anew. */
  Alarm ring(Turn turn, DueAlarm due) {
    AlarmRow row = read(key(due.name()));
    if (row == null) {
      throw new IllegalStateException(due + " is not set");
    }
    write(turn.writes(), actor, due.name(), row, null);
    count = Math.max(count - 1, -1);
    return alarm(due.name(), row, running);
  }

  /** Whether an alarm that was handed out was moved, cancelled or handled meanwhile. */
  boolean isMoot(DueAlarm due) {
    try {
      AlarmRow row = read(key(due.name()));
      return row == null || !row.place(actor, due.name()).equals(due);
    } catch (CorruptRowException | LimitExceededException e) {
      return true;
    }
  }

  private int count() {
    return count >= 0 ? count : rows.scan(Table.ALARM, KeySpan.all(), ALARMS_MAX).size();
  }

  private @Nullable AlarmRow read(RowKey key) {
    return read(rows, key);
  }

  static @Nullable AlarmRow read(ActorRows rows, RowKey key) {
    byte[] row = rows.get(key);
    return row == null ? null : AlarmRow.decode(row);
  }

  /** Puts one alarm in place of another; null for none. */
  static void write(
      NavigableMap<RowKey, Optional<byte[]>> writes,
      ActorId actor,
      String name,
      @Nullable AlarmRow before,
      @Nullable AlarmRow after) {
    if (before != null) {
      writes.put(due(before.place(actor, name)), Optional.empty());
    }
    writes.put(key(name), after == null ? Optional.empty() : Optional.of(after.encode()));
    if (after != null) {
      writes.put(due(after.place(actor, name)), Optional.of(DueAlarm.value()));
    }
  }

  static RowKey due(DueAlarm alarm) {
    return new RowKey(Table.DUE, alarm.key());
  }

  /**
   * The key of an alarm's row.
   *
   * @throws LimitExceededException if the name is empty or too long
   */
  static RowKey key(String name) {
    byte[] bytes = RowKey.utf8("the name of an alarm", name);
    if (bytes.length == 0 || bytes.length > NAME_BYTES_MAX) {
      throw new LimitExceededException(
          "the name of an alarm", bytes.length, NAME_BYTES_MAX, "bytes, and at least 1");
    }
    return new RowKey(Table.ALARM, bytes);
  }
}
