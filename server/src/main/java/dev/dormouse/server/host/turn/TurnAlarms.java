package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.server.host.alarm.RunningTime;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An actor's alarms as its open turn sees them. Each alarm has a row by its name and a row by its
 * time, which are written and removed together.
 */
public final class TurnAlarms implements Alarms {
  /** The order in which alarms are due; alarms of the same time by their names. */
  public static final Comparator<Alarm> BY_DUE =
      Comparator.comparing(Alarm::due).thenComparing(Alarm::name);

  /** The memory that a row takes besides its name, roughly, in bytes. */
  private static final int ROW_BYTES = 64;

  private final Activation activation;
  private final ActorId actor;
  private final ActorRows rows;
  private final RunningTime running;
  private final ActorOptions options;

  /** The number of alarms that the open turn sees; -1 if they were not counted yet. */
  private int count = -1;

  TurnAlarms(
      Activation activation,
      ActorId actor,
      ActorRows rows,
      RunningTime running,
      ActorOptions options) {
    this.activation = activation;
    this.actor = actor;
    this.rows = rows;
    this.running = running;
    this.options = options;
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
      AlarmRow before = readable(key);
      if (before == null && !isThere(key)) {
        int others = count();
        if (others >= options.alarmsMax()) {
          throw new LimitExceededException(
              "the number of alarms of an actor", others + 1L, options.alarmsMax());
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
      boolean wasThere = isThere(key);
      if (wasThere) {
        turn.charge(2L * (key.bytes().length + Turn.OVERHEAD_BYTES));
        count = count() - 1;
        write(turn.writes(), actor, name, readable(key), null);
      }
      return wasThere;
    }
  }

  @Override
  public Optional<Alarm> get(String name) {
    synchronized (activation) {
      activation.turn();
      RowKey key = key(name);
      if (!isThere(key)) {
        return Optional.empty();
      }
      AlarmRow row = readable(key);
      if (row == null) {
        throw unreadable(name);
      }
      return Optional.of(alarm(name, row, running, options.alarmAttemptsMax()));
    }
  }

  @Override
  public List<Alarm> list() {
    synchronized (activation) {
      activation.turn();
      List<Alarm> alarms = new ArrayList<>();
      for (Row stored : rows.scan(Table.ALARM, KeySpan.all(), ActorOptions.ALARMS_CEILING)) {
        Alarm alarm = alarm(stored, running, options.alarmAttemptsMax());
        if (alarm == null) {
          throw unreadable(nameOf(stored));
        }
        alarms.add(alarm);
      }
      alarms.sort(BY_DUE);
      return List.copyOf(alarms);
    }
  }

  private static StoredValueException unreadable(String name) {
    return new StoredValueException("alarm '" + name + "' cannot be read", null);
  }

  private static String nameOf(Row row) {
    return new String(row.key(), StandardCharsets.UTF_8);
  }

  /** Returns the alarm of a row; null if the row cannot be read. */
  public static @Nullable Alarm alarm(Row stored, RunningTime running, int attemptsMax) {
    try {
      byte[] value = stored.value();
      return value == null
          ? null
          : alarm(nameOf(stored), AlarmRow.decode(value), running, attemptsMax);
    } catch (CorruptRowException e) {
      return null;
    }
  }

  private static Alarm alarm(String name, AlarmRow row, RunningTime running, int attemptsMax) {
    long wallMs =
        row.clock() == DueClock.WALL
            ? row.dueMs()
            : running.wallMs() + row.dueMs() - running.nowMs();
    return new Alarm(name, Instant.ofEpochMilli(wallMs), row.failures() + 1, attemptsMax);
  }

  // For the cell.

  /**
   * Removes an alarm that rings from what the open turn sees, and returns it; the handler may set
   * it anew.
   */
  Alarm ring(Turn turn, DueAlarm due) {
    AlarmRow row = read(key(due.name()));
    if (row == null) {
      throw new IllegalStateException(due + " is not set");
    }
    write(turn.writes(), actor, due.name(), row, null);
    count = Math.max(count - 1, -1);
    return alarm(due.name(), row, running, options.alarmAttemptsMax());
  }

  /** Returns whether an alarm is not set for this time any more, or cannot be read. */
  boolean isMoot(DueAlarm due) {
    AlarmRow row = readable(key(due.name()));
    return row == null || !row.place(actor, due.name()).equals(due);
  }

  private int count() {
    return count >= 0
        ? count
        : rows.scan(Table.ALARM, KeySpan.all(), ActorOptions.ALARMS_CEILING).size();
  }

  private @Nullable AlarmRow read(RowKey key) {
    return read(rows, key);
  }

  /**
   * Returns the row of an alarm; null if there is none.
   *
   * @throws CorruptRowException if the row cannot be read
   */
  public static @Nullable AlarmRow read(ActorRows rows, RowKey key) {
    byte[] row = rows.get(key);
    return row == null ? null : AlarmRow.decode(row);
  }

  /** Returns the row of an alarm; null if there is none that can be read. */
  private @Nullable AlarmRow readable(RowKey key) {
    try {
      return read(key);
    } catch (CorruptRowException e) {
      rows.quarantine().alarm(actor, new String(key.bytes(), StandardCharsets.UTF_8), e);
      return null;
    }
  }

  /** Returns whether there is a row, even one that cannot be read. */
  private boolean isThere(RowKey key) {
    try {
      return rows.get(key) != null;
    } catch (CorruptRowException e) {
      return true;
    }
  }

  /**
   * Writes the rows that replace one alarm by another of the same name.
   *
   * @param before the alarm's row so far; null if there is none
   * @param after the alarm's new row; null to remove the alarm
   */
  public static void write(
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

  /** Returns the key of an alarm's row by its time. */
  public static RowKey due(DueAlarm alarm) {
    return new RowKey(Table.DUE, alarm.key());
  }

  /**
   * Returns the key of an alarm's row by its name.
   *
   * @throws LimitExceededException if the name is empty or too long
   */
  public static RowKey key(String name) {
    byte[] bytes = RowKey.utf8("the name of an alarm", name);
    if (bytes.length == 0) {
      throw new LimitExceededException(
          "the name of an alarm",
          0,
          1,
          "bytes",
          "the name of an alarm must have at least 1 byte, and this one is empty");
    }
    if (bytes.length > NAME_BYTES_MAX) {
      throw new LimitExceededException(
          "the name of an alarm", bytes.length, NAME_BYTES_MAX, "bytes");
    }
    return new RowKey(Table.ALARM, bytes);
  }
}
