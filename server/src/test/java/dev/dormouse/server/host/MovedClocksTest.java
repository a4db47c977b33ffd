package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The time of alarms with a delay when their group moves between machines with other clocks. */
class MovedClocksTest {
  private static final long GATEWAY = 77;
  private static final Duration DELAY = Duration.ofMinutes(10);

  /** Sets an alarm by each message, and notes what rings. */
  private static final class Ringer extends Script {
    final List<String> rung = new ArrayList<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      self.clock().after(text, DELAY);
    }

    @Override
    void onAlarm(Actor self, Alarm alarm) {
      rung.add(alarm.name());
    }
  }

  private final Ringer ringer = new Ringer();
  private final TestCluster cluster = new TestCluster(ringer);
  private final ManualTime east = new ManualTime();
  private final ManualTime west = new ManualTime();

  /** Lets time pass on both machines; nodes that own the room ring what is due. */
  private void pass(Duration by, TestCluster.Node... nodes) {
    east.advance(by);
    west.advance(by);
    for (TestCluster.Node node : nodes) {
      node.ring();
    }
  }

  private TestCluster.Node inEast() {
    return cluster.node("east", east);
  }

  private TestCluster.Node inWest() {
    return cluster.node("west", west);
  }

  /** Has a node own the room, and set an alarm that is due after the delay. */
  private static void setAlarm(TestCluster.Node node, int connection, String name) {
    node.announce(GATEWAY);
    ConnectionId id = node.connect(GATEWAY, connection);
    node.message(id, 1, name);
    node.ring();
  }

  @ParameterizedTest
  @ValueSource(longs = {-3_600, 3_600})
  void anAlarmKeepsItsDelayThereAndBackHoweverTheWallClocksDiffer(long apartSeconds) {
    west.jumpWall(Duration.ofSeconds(apartSeconds));
    west.advance(Duration.ofDays(3)); // the clocks that never jump have nothing in common either
    TestCluster.Node a = inEast().own();
    TestCluster.Node b = inWest();
    setAlarm(a, 1_001, "bell");

    pass(Duration.ofMinutes(4), a, b);
    b.own();
    pass(Duration.ofMinutes(3), a, b);
    a.own();
    pass(Duration.ofMinutes(3).minusMillis(1), a, b);
    assertThat(ringer.rung).isEmpty();
    pass(Duration.ofMillis(1), a, b);
    assertThat(ringer.rung).containsExactly("bell");
  }

  @ParameterizedTest
  @ValueSource(longs = {-3_600, 3_600})
  void aGroupWithoutAnAlarmKeepsItsTimeToo(long apartSeconds) {
    west.jumpWall(Duration.ofSeconds(apartSeconds));
    TestCluster.Node a = inEast().own();
    TestCluster.Node b = inWest();
    a.ring();
    pass(Duration.ofMinutes(30), a, b);
    setAlarm(a, 1_001, "bell");
    b.own(); // at once after the alarm was set

    pass(DELAY.minusMillis(1), a, b);
    assertThat(ringer.rung).isEmpty();
    pass(Duration.ofMillis(1), a, b);
    assertThat(ringer.rung).containsExactly("bell");
  }

  @Test
  void aWallClockThatJumpsWhileAnotherNodeOwnsTheGroupChangesNothing() {
    TestCluster.Node a = inEast().own();
    TestCluster.Node b = inWest();
    setAlarm(a, 1_001, "bell");
    b.own();
    pass(Duration.ofMinutes(4), a, b);
    east.jumpWall(Duration.ofHours(1));
    a.own();
    pass(DELAY.minusMinutes(4).minusMillis(1), a, b);
    assertThat(ringer.rung).isEmpty();
    pass(Duration.ofMillis(1), a, b);
    assertThat(ringer.rung).containsExactly("bell");
  }

  @Test
  void theNextProcessOfTheSameMachineAddsTheTimeWithoutAProcess() {
    west.jumpWall(Duration.ofHours(1));
    TestCluster.Node before = inEast().own();
    setAlarm(before, 1_001, "bell");
    pass(Duration.ofMinutes(2), before);
    before.store.close();
    pass(Duration.ofMinutes(5));

    TestCluster.Node after = inEast().own();
    pass(Duration.ofMinutes(3).minusMillis(1), after);
    assertThat(ringer.rung).isEmpty();
    pass(Duration.ofMillis(1), after);
    assertThat(ringer.rung).containsExactly("bell");
  }

  @Test
  void aProcessThatStartsAfterTheMarkGoesOnFromTheMark() {
    west.jumpWall(Duration.ofHours(1));
    TestCluster.Node dead = inEast().own();
    setAlarm(dead, 1_001, "bell");
    pass(Duration.ofMinutes(5)); // no node runs, and nobody on the other machine saw the mark

    TestCluster.Node next = inWest().own();
    pass(DELAY.minusMillis(1), next);
    assertThat(ringer.rung).isEmpty();
    pass(Duration.ofMillis(1), next);
    assertThat(ringer.rung).containsExactly("bell");
  }
}
