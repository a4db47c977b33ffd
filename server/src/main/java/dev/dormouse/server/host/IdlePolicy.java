package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Who is to hibernate. A pure function. */
final class IdlePolicy {

  /**
   * An actor in memory.
   *
   * @param id the actor
   * @param lastEventNs when it last did something, by the clock that never jumps
   * @param isPinned whether it must stay: a turn is open, or events wait
   */
  record Candidate(ActorId id, long lastEventNs, boolean isPinned) {}

  private IdlePolicy() {}

  /**
   * The actors that were idle for the whole time, and of the others the least recently used ones
   * over the most that may be in memory. Pinned ones never.
   */
  static List<ActorId> toHibernate(List<Candidate> active, long nowNs, long idleNs, int activeMax) {
    List<ActorId> chosen = new ArrayList<>();
    List<Candidate> others = new ArrayList<>();
    for (Candidate candidate : active) {
      if (candidate.isPinned) {
        continue;
      }
      if (nowNs - candidate.lastEventNs >= idleNs) {
        chosen.add(candidate.id);
      } else {
        others.add(candidate);
      }
    }
    int excess = active.size() - chosen.size() - activeMax;
    if (excess > 0) {
      others.sort(Comparator.comparingLong(candidate -> candidate.lastEventNs - nowNs));
      others.stream().limit(excess).forEach(candidate -> chosen.add(candidate.id));
    }
    return chosen;
  }
}
