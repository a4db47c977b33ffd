package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HostRoundsTest {
  private static final int PARTS = 10;

  private final TestHost node = new TestHost(new Script());

  private void open(int from, int to) {
    for (int i = from; i < to; i++) {
      ActorId id = new ActorId(TestHost.ROOM.type(), "k" + i);
      node.host.accept(
          new ToHost.Open(id, ConnectionId.of(1, i + 1), TestHost.head("name", "n"), null));
    }
    node.steps.runAll();
  }

  private void tick(int times) {
    for (int i = 0; i < times; i++) {
      node.host.tick(PARTS);
      node.steps.runAll();
    }
  }

  @Test
  void actorsThatBecameIdleTogetherHibernateAFewAtATimeAndAllInOneRound() {
    open(0, 100);
    node.time.advance(Duration.ofSeconds(11));
    tick(1);
    assertThat(node.host.activeActors()).isEqualTo(89);
    tick(1);
    assertThat(node.host.activeActors()).isEqualTo(78);
    tick(PARTS - 2);
    assertThat(node.host.activeActors()).isZero();
  }

  @Test
  void aRoundKeepsUpWithActorsThatCome() {
    open(0, 2);
    tick(1);
    open(2, 1_000);
    node.time.advance(Duration.ofSeconds(11));
    tick(2 * PARTS);
    assertThat(node.host.activeActors()).isZero();
  }

  @Test
  void aWholeTickEndsTheRoundThatHasBegun() {
    open(0, 100);
    node.time.advance(Duration.ofSeconds(11));
    tick(1);
    node.host.tick();
    node.steps.runAll();
    assertThat(node.host.activeActors()).isZero();
  }
}
