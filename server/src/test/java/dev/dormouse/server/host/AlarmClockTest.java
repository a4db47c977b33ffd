package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.server.host.alarm.AlarmClock;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.TurnAlarms;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Checks many alarms, bad ones among them, that a dead process left. */
class AlarmClockTest {
  /** The number of missed alarms; {@code -Ddormouse.alarms.missed=1000000} makes it a million. */
  private static final int MISSED = Integer.getInteger("dormouse.alarms.missed", 1_000);

  private final ManualTime time = new ManualTime();
  private final MemoryDisk disk = new MemoryDisk();

  /** The names of the alarms that rang, by actor. */
  private final Map<String, List<String>> rung = new LinkedHashMap<>();

  private final Map<String, CompletableFuture<Void>> hanging = new LinkedHashMap<>();

  private final Script script =
      new Script() {
        @Override
        void onAlarm(Actor self, Alarm alarm) {
          String key = self.name().key();
          rung.computeIfAbsent(key, k -> new ArrayList<>()).add(alarm.name());
          CompletableFuture<Void> hang = hanging.get(key);
          if (hang != null) {
            self.await(hang);
          }
        }

        @Override
        void onMessage(Actor self, Connection<Object> from, String text) {
          if (!text.equals("alarms")) {
            from.send(text);
            return;
          }
          for (Runnable reading :
              List.<Runnable>of(() -> self.clock().list(), () -> self.clock().get("bad"))) {
            try {
              reading.run();
              from.send("read");
            } catch (StoredValueException e) {
              from.send(e.getMessage());
            }
          }
          self.clock().after("bad", Duration.ofSeconds(5));
          self.clock().cancel("bad");
          self.clock().after("bad", Duration.ofSeconds(5));
          from.send("" + self.clock().get("bad").isPresent());
        }
      };

  private static ActorId room(int number) {
    return new ActorId("room", "r" + number);
  }

  /**
   * Sets alarms as a turn does, in an opening of the store that ends before this method returns.
   */
  private void left(List<DueAlarm> alarms) {
    try (NodeStore store = Stores.memory(disk)) {
      for (DueAlarm alarm : alarms) {
        TreeMap<RowKey, Optional<byte[]>> writes = new TreeMap<>();
        AlarmRow row = new AlarmRow(alarm.clock(), alarm.ms());
        TurnAlarms.write(writes, alarm.actor(), alarm.name(), null, row);
        List<TurnBatch.Write> batch = new ArrayList<>();
        writes.forEach(
            (key, value) ->
                batch.add(new TurnBatch.Write(key.table(), key.bytes(), value.orElseThrow())));
        store.commit(new TurnBatch(alarm.actor(), store.epochOf(alarm.actor()), batch));
      }
    }
  }

  private DueAlarm alarm(ActorId actor, String name) {
    return new DueAlarm(actor, DueClock.WALL, time.wallMs(), name);
  }

  private long count() {
    return rung.values().stream().mapToLong(List::size).sum();
  }

  @Test
  void aThousandMissedAlarmsComeAFewAtATimeWithLiveTrafficAmongThem() {
    int rooms = Math.max(1, MISSED * 2 / 5);
    left(IntStream.range(0, MISSED).mapToObj(i -> alarm(room(i % rooms), "a" + i)).toList());
    TestHost node = new TestHost(disk, script, time);
    ConnectionId ada = node.connect("ada");
    node.heard();
    int rounds = 0;
    boolean isBehind = true;
    long startNs = System.nanoTime();
    while (isBehind) {
      isBehind = node.host.ringAlarms();
      assertThat(node.host.alarmCounts().underWay()).isBetween(1, AlarmClock.FLIGHTS_MAX);
      assertThat(node.host.ringAlarms()).as("no more at a time").isEqualTo(isBehind);
      node.offer(ada, "live " + rounds);
      node.steps.runAll();
      assertThat(node.texts()).contains("1:live " + rounds);
      rounds++;
    }
    System.out.printf(
        "%d missed alarms of %d actors in %d ms, %d MiB of heap in use then%n",
        MISSED,
        rooms,
        (System.nanoTime() - startNs) / 1_000_000,
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20);
    assertThat(count()).isEqualTo(MISSED);
    assertThat(rung).hasSize(rooms);
    assertThat(rounds).isEqualTo(-Math.floorDiv(-MISSED, AlarmClock.FLIGHTS_MAX));
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, MISSED, 0, 0, 0));
  }

  @Test
  void theAlarmsOfOneActorComeInTheOrderOfTheirTimesAndDoNotCrowdOutOthers() {
    List<DueAlarm> alarms = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      expected.add("%03d".formatted(i * 7 % 1_000));
      alarms.add(
          new DueAlarm(room(1), DueClock.WALL, time.wallMs() - 5_000 + i / 3, expected.get(i)));
    }
    for (int i = 0; i < 1_000; i += 3) {
      expected.subList(i, Math.min(i + 3, 1_000)).sort(null); // those of the same millisecond
    }
    alarms.add(alarm(room(2), "other"));
    left(alarms);
    TestHost node = new TestHost(disk, script, time);
    node.host.ringAlarms();
    assertThat(node.host.alarmCounts().underWay()).isEqualTo(AlarmClock.FLIGHTS_OF_ACTOR_MAX + 1);
    node.steps.runAll();
    assertThat(rung.get("r2")).containsExactly("other");
    for (int i = 0; i < 1_000 / AlarmClock.FLIGHTS_OF_ACTOR_MAX; i++) {
      node.ring();
    }
    assertThat(rung.get("r1")).isEqualTo(expected);
  }

  @Test
  void handlersThatHangDoNotHoldUpTheAlarmsOfOthersForLong() {
    int hangers = AlarmClock.FLIGHTS_MAX;
    CompletableFuture<Void> never = new CompletableFuture<>();
    List<DueAlarm> alarms = new ArrayList<>();
    for (int i = 0; i < hangers; i++) {
      hanging.put("r" + i, never);
      alarms.add(alarm(room(i), "hangs"));
    }
    alarms.add(new DueAlarm(room(99), DueClock.WALL, time.wallMs() + 1, "other"));
    left(alarms);
    TestHost node = new TestHost(disk, script, time);
    node.ring();
    assertThat(count()).isEqualTo(hangers);
    node.ringAfter(Duration.ofMillis(999));
    assertThat(node.host.ringAlarms()).as("there is no room for it").isTrue();
    assertThat(rung).doesNotContainKey("r99");
    node.ringAfter(Duration.ofMillis(1));
    assertThat(rung).containsKey("r99");
    assertThat(node.host.alarmCounts().underWay()).isEqualTo(hangers);
    never.complete(null);
    node.steps.runAll();
    assertThat(node.host.alarmCounts().underWay()).isZero();
  }

  @Test
  void alarmsOfATypeThatIsNotRegisteredStayAndAreRungOnceItIs() {
    ActorId ghost = new ActorId("ghost", "g");
    List<DueAlarm> alarms = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      alarms.add(alarm(ghost, "g" + i));
      alarms.add(alarm(room(i), "a"));
    }
    left(alarms);
    TestHost node = new TestHost(disk, script, time);
    for (int i = 0; i < 10; i++) {
      node.ring();
    }
    assertThat(count()).isEqualTo(100);
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, 100, 0, 0, 1));
    assertThat(node.host.alarms(ghost)).hasSize(100);
    assertThat(node.host.ringAlarms()).as("they are no hot loop").isFalse();
  }

  private void leftRaw(ActorId actor, RowKey key, byte[] value) {
    try (NodeStore store = Stores.memory(disk)) {
      TurnBatch.Write write = new TurnBatch.Write(key.table(), key.bytes(), value);
      store.commit(new TurnBatch(actor, store.epochOf(actor), List.of(write)));
    }
  }

  @Test
  void aTimeWithoutAnAlarmIsForgotten() {
    left(List.of(alarm(room(1), "half"), alarm(room(1), "good")));
    leftRaw(room(1), TurnAlarms.key("half"), null);
    TestHost node = new TestHost(disk, script, time);
    node.ring();
    node.ringAfter(Duration.ofMinutes(1));
    assertThat(rung.get("r1")).containsExactly("good");
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, 2, 0, 0, 0));
    assertThat(node.store.firstDue(DueClock.WALL)).isEmpty();
  }

  @Test
  void anAlarmThatCannotBeReadDoesNotRingAndStaysUntilItIsSetAnew() {
    DueAlarm bad = alarm(TestHost.ROOM, "bad");
    left(List.of(bad, alarm(TestHost.ROOM, "good")));
    leftRaw(TestHost.ROOM, TurnAlarms.key("bad"), new byte[] {9});
    TestHost node = new TestHost(disk, script, time);
    for (int i = 0; i < 3; i++) {
      node.ringAfter(Duration.ofMinutes(1));
    }
    assertThat(rung.get("one")).containsExactly("good");
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, 2, 0, 0, 0));
    assertThat(node.host.counts().unreadableValues()).isEqualTo(1);
    assertThat(node.store.firstDue(DueClock.WALL)).containsExactly(bad);
    assertThat(node.host.alarms(TestHost.ROOM)).isEmpty();

    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "alarms");
    assertThat(node.texts())
        .containsExactly("1:alarm 'bad' cannot be read", "1:alarm 'bad' cannot be read", "1:true");
    TestHost next = new TestHost(disk, script, time);
    next.ring();
    next.ringAfter(Duration.ofSeconds(5));
    assertThat(rung.get("one")).containsExactly("good", "bad");
    assertThat(next.store.firstDue(DueClock.WALL)).isEmpty();
    assertThat(next.store.firstDue(DueClock.RUNNING)).isEmpty();
  }

  @Test
  void theAlarmsOfAnActorThatCannotBeReadStay() {
    left(List.of(alarm(room(1), "a"), alarm(room(1), "b"), alarm(room(2), "c")));
    leftRaw(room(1), RowKey.ACTOR, new byte[] {9});
    TestHost node = new TestHost(disk, script, time);
    for (int i = 0; i < 3; i++) {
      node.ringAfter(Duration.ofMinutes(1));
    }
    assertThat(rung).containsOnlyKeys("r2");
    assertThat(node.host.alarms(room(1))).hasSize(2).noneMatch(Alarm::isRetry);
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, 3, 0, 0, 0));
    assertThat(node.host.counts().unreadableActors()).isEqualTo(1);
  }

  @Test
  void aClockOfAClusterRingsTheAlarmsOfGroupsThatAreOwnedAlone() {
    DueAlarm alarm = new DueAlarm(room(1), DueClock.WALL, time.wallMs(), "a");
    left(List.of(alarm));
    try (NodeStore store = Stores.memory(disk)) {
      List<DueAlarm> handed = new ArrayList<>();
      AlarmClock clock =
          new AlarmClock(store, store.run(), time, Set.of("room"), handed::add, false);
      int group = store.groupOf(room(1));
      assertThat(clock.ring()).isFalse();
      clock.owned((group + 1) % store.groups().groups());
      assertThat(clock.ring()).isFalse();
      assertThat(handed).isEmpty();
      clock.owned(group);
      clock.ring();
      assertThat(handed).containsExactly(alarm);
      assertThat(clock.underWay()).isEqualTo(1);
      clock.lost(group);
      assertThat(clock.underWay()).isZero();
      clock.ended(alarm);
      clock.committed(alarm, false, true); // of a commit that was on its way
      time.advance(Duration.ofSeconds(10));
      clock.ring();
      assertThat(handed).containsExactly(alarm);
      clock.owned(group);
      clock.ring();
      assertThat(handed).containsExactly(alarm, alarm);
    }
  }

  @Test
  void alarmsThatHaveBeenDueForMoreThanTenSecondsAreCounted() {
    left(IntStream.range(0, 200).mapToObj(i -> alarm(room(i), "a" + i)).toList());
    left(List.of(alarm(new ActorId("gone", "g"), "of a type that is not registered")));
    try (NodeStore store = Stores.memory(disk)) {
      List<DueAlarm> handed = new ArrayList<>();
      AlarmClock clock = new AlarmClock(store, store.run(), time, Set.of("room"), handed::add);
      assertThat(clock.ring()).isTrue();
      time.advance(Duration.ofMillis(AlarmClock.OVERDUE_MS));
      assertThat(clock.overdue()).isZero();
      time.advance(Duration.ofMillis(1));
      assertThat(clock.overdue()).isEqualTo(200);
      handed.forEach(alarm -> clock.committed(alarm, true, true));
      assertThat(clock.overdue()).isEqualTo(200 - AlarmClock.FLIGHTS_MAX);
      left(IntStream.range(0, 1_100).mapToObj(i -> alarm(room(i), "b" + i)).toList());
    }
    try (NodeStore store = Stores.memory(disk)) {
      AlarmClock clock = new AlarmClock(store, store.run(), time, Set.of("room"), alarm -> {});
      clock.ring();
      time.advance(Duration.ofSeconds(11));
      assertThat(clock.overdue()).isEqualTo(AlarmClock.OVERDUE_COUNTED);
    }
  }
}
