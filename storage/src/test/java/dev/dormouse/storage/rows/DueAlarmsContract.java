package dev.dormouse.storage.rows;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.TurnBatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The promises of every store about alarms by the time they are due, and about the clock they go
 * by, as tests.
 */
public interface DueAlarmsContract {
  /** Returns the open store, which is empty when a test begins. */
  NodeStore store();

  /** Closes the store, and returns the next opening of the same store. */
  NodeStore reopened();

  @Test
  default void alarmsOfAShardAreFoundInTheOrderOfTheirTimesByClock() {
    NodeStore store = store();
    List<DueAlarm> alarms = new ArrayList<>();
    for (long ms : new long[] {0, 1, 255, 256, 1L << 40, Long.MAX_VALUE}) {
      for (DueClock clock : DueClock.values()) {
        alarms.add(new DueAlarm(LOBBY, clock, ms, "é"));
      }
    }
    alarms.add(new DueAlarm(LOBBY, DueClock.WALL, 255, "a"));
    Collections.shuffle(alarms, new Random(1));
    alarms.forEach(alarm -> put(store, alarm));
    int shard = store.shardOf(LOBBY);
    List<DueAlarm> wall =
        alarms.stream()
            .filter(alarm -> alarm.clock() == DueClock.WALL)
            .sorted(Comparator.comparingLong(DueAlarm::ms).thenComparing(DueAlarm::name))
            .toList();

    assertThat(store.due(DueClock.WALL, shard, 0, null, 100)).isEqualTo(wall);
    assertThat(store.due(DueClock.WALL, shard, 256, null, 2)).isEqualTo(wall.subList(4, 6));
    assertThat(store.due(DueClock.RUNNING, shard, 0, null, 100)).hasSize(6);
    List<DueAlarm> paged = new ArrayList<>();
    List<DueAlarm> page = store.due(DueClock.WALL, shard, 0, null, 2);
    while (!page.isEmpty()) {
      paged.addAll(page);
      page = store.due(DueClock.WALL, shard, 0, page.get(page.size() - 1), 2);
    }
    assertThat(paged).isEqualTo(wall);
    assertThat(store.due(DueClock.WALL, (shard + 1) % store.shards(), 0, null, 9)).isEmpty();
    assertThat(store.scanAll(Table.DUE, null, 100)).hasSize(alarms.size());

    write(store, wall.get(0), null);
    assertThat(store.due(DueClock.WALL, shard, 0, null, 1)).containsExactly(wall.get(1));
  }

  @Test
  default void theFirstAlarmOfEachShardIsFound() {
    NodeStore store = store();
    assertThat(store.firstDue(DueClock.WALL)).isEmpty();
    Map<Integer, DueAlarm> first = new TreeMap<>();
    for (int i = 0; i < 200; i++) {
      ActorId actor = new ActorId("chat", "r" + i);
      DueAlarm alarm = new DueAlarm(actor, DueClock.WALL, 1_000 - i, "a");
      put(store, alarm);
      put(store, new DueAlarm(actor, DueClock.WALL, 5_000, "later"));
      if (i % 3 == 0) {
        put(store, new DueAlarm(actor, DueClock.RUNNING, 7, "running"));
      }
      first.put(store.shardOf(actor), alarm);
    }
    ActorId other = new ActorId("chat", "r200");
    put(store, new DueAlarm(other, DueClock.RUNNING, 7, "running"));

    assertThat(store.firstDue(DueClock.WALL)).containsExactlyElementsOf(first.values());
    assertThat(store.firstDue(DueClock.RUNNING))
        .hasSizeBetween(1, 68)
        .allMatch(alarm -> alarm.ms() == 7)
        .anyMatch(alarm -> store.shardOf(alarm.actor()) == store.shardOf(other));
  }

  @Test
  default void theRowsOfAnActorsAlarmsByTimeCannotBeScannedOrCleared() {
    NodeStore store = store();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.scan(LOBBY, Table.DUE, KeySpan.all(), 1))
        .withMessage("the rows of table DUE do not lie by actor");
  }

  @Test
  default void theMarkOfAGroupsClockIsThatWhichWasKeptLast() {
    NodeStore store = store();
    int last = store.groups().groups() - 1;
    ClockMark mark = new ClockMark(-3, Long.MAX_VALUE, store.run());
    assertThat(store.clockMark(last)).isNull();
    store.keep(last, new ClockMark(1, 2, store.run()));
    store.keep(last, mark);
    NodeStore again = reopened();
    assertThat(again.clockMark(last)).isEqualTo(HeldMark.own(mark));
    assertThat(again.clockMark(0)).isNull();
  }

  private static void put(NodeStore store, DueAlarm alarm) {
    write(store, alarm, DueAlarm.value());
  }

  private static void write(NodeStore store, DueAlarm alarm, byte[] value) {
    TurnBatch.Write write = new TurnBatch.Write(Table.DUE, alarm.key(), value);
    done(store.commit(new TurnBatch(alarm.actor(), store.epochOf(alarm.actor()), List.of(write))));
  }
}
