package dev.dormouse.server.host.commit;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.server.host.alarm.AlarmClock;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.host.alarm.AlarmRetry;
import dev.dormouse.server.host.alarm.RunningTime;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.TurnAlarms;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Decides what becomes of alarms that were handed to their cells: which rows are stored after a
 * failed turn, and what the clock is told. Methods that take an actor's rows are called by the
 * thread that runs the actor's cell; all others may be called by any thread.
 */
public final class AlarmOutcomes {
  private static final Logger log = Log.of(AlarmOutcomes.class);

  private final AlarmClock clock;
  private final FailureLog failures;
  private final Function<String, ActorOptions> options;
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong givenUp = new AtomicLong();

  /**
   * Creates the outcomes of alarms that a clock hands out; none is counted yet.
   *
   * @param options returns the options of an actor type, by its name
   */
  public AlarmOutcomes(
      AlarmClock clock, FailureLog failures, Function<String, ActorOptions> options) {
    this.clock = clock;
    this.failures = failures;
    this.options = options;
  }

  /** Returns the clock of an actor's alarms that are set by a delay. */
  public RunningTime running(ActorId actor) {
    return clock.running(actor);
  }

  /** Tells the clock of the alarms among the writes of a commit, once the commit has ended. */
  void handedIn(ActorId actor, List<TurnBatch.Write> writes, CompletionStage<CommitResult> commit) {
    for (TurnBatch.Write write : writes) {
      if (write.table() == Table.DUE) {
        commit.thenAccept(result -> committed(actor, writes, result instanceof CommitResult.Done));
        return;
      }
    }
  }

  private void committed(ActorId actor, List<TurnBatch.Write> writes, boolean isDone) {
    for (TurnBatch.Write write : writes) {
      if (write.table() == Table.DUE) {
        clock.committed(DueAlarm.of(actor, write.key()), write.value() == null, isDone);
      }
    }
  }

  /**
   * Ends an alarm that was moved, cancelled or handled after the clock handed it out. Such an alarm
   * has no row by its time any more. If it still has one, and its row by name cannot be read, both
   * rows stay. If its row by name can be read, the alarm was set anew while that row could not be
   * read, and the stale row by its time is removed.
   */
  public void passOver(ActorRows rows, CommitPipeline pipeline, Event.Alarm alarm) {
    DueAlarm due = alarm.due();
    if (rows.get(TurnAlarms.due(due)) == null) {
      return;
    }
    try {
      TurnAlarms.read(rows, TurnAlarms.key(due.name()));
    } catch (CorruptRowException e) {
      setAside(alarm);
      return;
    }
    log.warn(
        "alarm '{}' of actor {} is not set for this time any more; its old entry is removed",
        due.name(),
        due.actor());
    NavigableMap<RowKey, Optional<byte[]>> writes = new TreeMap<>();
    writes.put(TurnAlarms.due(due), Optional.empty());
    pipeline.commitRows(writes, alarm);
  }

  /** Stores that the turn of an alarm failed, so that the alarm rings again or is given up. */
  public void failed(ActorRows rows, CommitPipeline pipeline, Event.Alarm alarm) {
    ActorId actor = alarm.due().actor();
    String name = alarm.due().name();
    AlarmRow row = move(rows, pipeline, alarm, this::afterFailure);
    if (row == null) {
      return;
    }
    int attempts = row.failures() + 1;
    if (attempts >= attemptsMax(actor)) {
      givenUp.incrementAndGet();
      failures.error(
          "alarm '{}' of actor {} is given up: {} attempts failed", name, actor, attempts);
    } else {
      failed.incrementAndGet();
      failures.error(
          "alarm '{}' of actor {} failed; it has {} left",
          name,
          actor,
          Counted.of(attemptsMax(actor) - attempts, "attempt"));
    }
  }

  private int attemptsMax(ActorId actor) {
    return options.apply(actor.type()).alarmAttemptsMax();
  }

  private Optional<AlarmRow> afterFailure(DueAlarm due, AlarmRow row) {
    int attempts = row.failures() + 1;
    return attempts >= attemptsMax(due.actor())
        ? Optional.empty()
        : Optional.of(row.failed(running(due.actor()).nowMs() + AlarmRetry.delayMs(due, attempts)));
  }

  /**
   * Stores a later time for an alarm whose actor cannot be activated; that does not count as an
   * attempt.
   *
   * @param activations the number of activations that have failed in a row
   */
  public void putOff(ActorRows rows, CommitPipeline pipeline, Event.Alarm alarm, int activations) {
    move(
        rows,
        pipeline,
        alarm,
        (due, row) ->
            Optional.of(
                row.putOff(running(due.actor()).nowMs() + AlarmRetry.delayMs(due, activations))));
  }

  /**
   * Changes the row of an alarm that was handed out, if the alarm is still set for the same time.
   *
   * @return the row before the change; null if the alarm is set for another time or not at all, or
   *     if the store failed and the alarm stays as it is and rings again
   */
  private @Nullable AlarmRow move(
      ActorRows rows,
      CommitPipeline pipeline,
      Event.Alarm alarm,
      BiFunction<DueAlarm, AlarmRow, Optional<AlarmRow>> change) {
    DueAlarm due = alarm.due();
    try {
      AlarmRow row = TurnAlarms.read(rows, TurnAlarms.key(due.name()));
      if (row == null || !row.place(due.actor(), due.name()).equals(due)) {
        return null;
      }
      NavigableMap<RowKey, Optional<byte[]>> writes = new TreeMap<>();
      AlarmRow next = change.apply(due, row).orElse(null);
      TurnAlarms.write(writes, due.actor(), due.name(), row, next);
      pipeline.commitRows(writes, alarm);
      return row;
    } catch (RuntimeException e) {
      rows.discard();
      failures.error(
          "alarm '{}' of actor {} could not be stored with a new time; it stays as it is",
          due.name(),
          due.actor(),
          e);
      return null;
    }
  }

  /**
   * Leaves an alarm as it is, because the alarm or its actor cannot be read; the alarm comes again
   * after the next start.
   */
  public void setAside(Event.Alarm alarm) {
    clock.setAside(alarm.due());
  }

  /** Returns the counts of alarms since the start, by what became of them. */
  public AlarmCounts counts() {
    return new AlarmCounts(
        clock.underWay(), clock.rung(), failed.get(), givenUp.get(), clock.unhosted());
  }

  /** Lists the alarms of an actor as they are stored, without those that cannot be read. */
  public List<Alarm> list(ActorStore store, ActorId actor) {
    return store.scan(actor, Table.ALARM, KeySpan.all(), ActorOptions.ALARMS_CEILING).stream()
        .map(row -> TurnAlarms.alarm(row, running(actor), attemptsMax(actor)))
        .filter(Objects::nonNull)
        .sorted(TurnAlarms.BY_DUE)
        .toList();
  }
}
