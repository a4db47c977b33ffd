package dev.dormouse.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.protocol.Time;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeReportsTest {
  /** A clock that goes on with each report. */
  private static final class Clock implements Time {
    private long nowNs;

    @Override
    public long nowNs() {
      return nowNs;
    }

    @Override
    public long wallMs() {
      return 0;
    }
  }

  private final Clock clock = new Clock();
  private final long[] leaderApplied = {0};
  private final long[] followerApplied = {0};
  private final NodeReports leader =
      new NodeReports(List.of("b", "c"), 1, group -> leaderApplied[group], clock);
  private final NodeReports follower =
      new NodeReports(List.of("a", "c"), 1, group -> followerApplied[group], clock);
  private final NodeReports third = new NodeReports(List.of("a", "b"), 1, group -> 0, clock);

  /** Has all nodes report as often, {@code c} with what {@code b} has. */
  private void pass(int steps) {
    for (int i = 0; i < steps; i++) {
      clock.nowNs += NodeReports.STEP.toNanos();
      byte[] told = leader.next();
      follower.take("a", told);
      third.take("a", told);
      byte[] others = follower.next();
      leader.take("b", others);
      leader.take("c", others);
    }
  }

  @Test
  void theLagIsNotKnownBeforeEveryNodeHasTold() {
    assertThat(leader.lag(0)).isEqualTo(-1);
    assertThat(third.lag(0, "a")).isEqualTo(-1);
    leader.take("b", follower.next());
    assertThat(leader.lag(0)).isEqualTo(-1);
    pass(2);
    assertThat(leader.lag(0)).isZero();
    assertThat(third.lag(0, "a")).isZero();
  }

  @Test
  void whatIsOnItsWayForLessThanASecondIsNoLag() {
    pass(5);
    leaderApplied[0] = 1_000;
    pass(4);
    assertThat(leader.lag(0)).isZero();
    pass(2);
    assertThat(leader.lag(0)).isEqualTo(1_000);
    assertThat(third.lag(0, "a")).as("told by the leader").isEqualTo(1_000);
    followerApplied[0] = 990;
    pass(2);
    assertThat(leader.lag(0)).isEqualTo(10);
    followerApplied[0] = 1_000;
    pass(2);
    assertThat(third.lag(0, "a")).isZero();
  }

  @Test
  void theLagOfANodeThatIsSilentGrows() {
    pass(5);
    leaderApplied[0] = 7;
    for (int i = 0; i < 20; i++) {
      clock.nowNs += NodeReports.STEP.toNanos();
      assertThat(leader.next()).isNotEmpty();
    }
    assertThat(leader.lag(0)).isEqualTo(7);
    assertThat(third.lag(0, "a")).as("the leader's last report is too old").isEqualTo(-1);
  }

  @Test
  void aNodeThatMayHaveStartedAgainIsForgotten() {
    pass(2);
    leader.forget("b");
    assertThat(leader.lag(0)).isEqualTo(-1);
  }

  @Test
  void bytesThatAreNoReportAreDropped() {
    byte[] told = follower.next();
    told[0] = 9;
    leader.take("b", told);
    leader.take("c", new byte[] {1, 0, 0, 0, 1, 0});
    leader.take("c", new byte[0]);
    assertThat(leader.lag(0)).isEqualTo(-1);
  }
}
