package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import java.util.Comparator;
import java.util.List;

/** Decides which actors are to hibernate. Pure functions. */
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

  /** Returns whether an actor that last did something then has been idle for the whole time. */
  static boolean isIdle(long lastEventNs, long nowNs, long idleNs) {
    return nowNs - lastEventNs >= idleNs;
  }

  /**
   * Of the actors in memory, the least recently used ones over the most that may be. Pinned ones
   * never.
   */
  static List<ActorId> overMost(List<Candidate> active, long nowNs, int activeMax) {
    return active.stream()
        .filter(candidate -> !candidate.isPinned)
        .sorted(Comparator.comparingLong(candidate -> candidate.lastEventNs - nowNs))
        .limit(Math.max(0, active.size() - activeMax))
        .map(Candidate::id)
        .toList();
  }
}
