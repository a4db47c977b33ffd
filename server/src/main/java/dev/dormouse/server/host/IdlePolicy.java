package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import java.util.Comparator;
import java.util.List;

/** Decides which actors hibernate, by pure functions. */
final class IdlePolicy {

  /**
   * An actor in memory.
   *
   * @param id the actor
   * @param lastEventNs when its last event ended, by the clock that never jumps
   * @param isPinned whether it must stay in memory, since a turn is open or events wait
   */
  record Candidate(ActorId id, long lastEventNs, boolean isPinned) {}

  private IdlePolicy() {}

  /** Returns whether an actor whose last event ended then has been idle for long enough. */
  static boolean isIdle(long lastEventNs, long nowNs, long idleNs) {
    return nowNs - lastEventNs >= idleNs;
  }

  /**
   * Returns the least recently used actors that must hibernate so that no more than {@code
   * activeMax} stay in memory. Pinned actors are never among them.
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
