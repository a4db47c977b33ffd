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

  private static List<String> chosen(List<Candidate> active, int activeMax) {
    return IdlePolicy.toHibernate(active, 100, 10, activeMax).stream().map(ActorId::key).toList();
  }

  @Test
  void thoseThatWereIdleForTheWholeTimeAreChosen() {
    assertThat(chosen(List.of(actor("old", 90), actor("young", 91), actor("older", 0)), 9))
        .containsExactly("old", "older");
  }

  @Test
  void pinnedOnesNeverAre() {
    assertThat(chosen(List.of(pinned("busy", 0), pinned("busier", 99)), 0)).isEmpty();
  }

  @Test
  void overTheMostTheLeastRecentlyUsedAre() {
    List<Candidate> active =
        List.of(actor("c", 97), pinned("p", 91), actor("a", 95), actor("b", 96), actor("idle", 1));
    assertThat(chosen(active, 2)).containsExactly("idle", "a", "b");
  }
}
