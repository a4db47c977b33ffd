package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.host.IdlePolicy.Candidate;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdlePolicyTest {
  private static Candidate actor(String key, long lastEventNs) {
    return new Candidate(new ActorId("a", key), lastEventNs, false);
  }

  private static Candidate pinned(String key, long lastEventNs) {
    return new Candidate(new ActorId("a", key), lastEventNs, true);
  }

  private static List<String> overMost(List<Candidate> active, int activeMax) {
    return IdlePolicy.overMost(active, 100, activeMax).stream().map(ActorId::key).toList();
  }

  @Test
  void whoeverHasDoneNothingForTheWholeTimeIsIdle() {
    assertThat(IdlePolicy.isIdle(90, 100, 10)).isTrue();
    assertThat(IdlePolicy.isIdle(91, 100, 10)).isFalse();
    assertThat(IdlePolicy.isIdle(Long.MAX_VALUE - 5, Long.MIN_VALUE + 4, 10)).isTrue();
  }

  @Test
  void pinnedOnesNeverAreOverTheMost() {
    assertThat(overMost(List.of(pinned("busy", 0), pinned("busier", 99)), 0)).isEmpty();
  }

  @Test
  void overTheMostTheLeastRecentlyUsedAre() {
    List<Candidate> active =
        List.of(actor("c", 97), pinned("p", 91), actor("a", 95), actor("b", 96));
    assertThat(overMost(active, 2)).containsExactly("a", "b");
    assertThat(overMost(active, 4)).isEmpty();
  }
}
