package dev.dormouse.server.cluster.raft;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides which group a node hands to which other node, so that all nodes own about as many. It
 * moves a group only if the other node then owns no more than this one, so no group goes to and
 * fro.
 */
final class Balance {
  private Balance() {}

  /** A group to hand over. */
  record Move(int group, String to) {}

  /** Tells whether a node has all entries of a group, but for those that are on their way. */
  interface CaughtUp {
    boolean isCaughtUp(int group, String node);
  }

  /**
   * Returns the next group to hand over; null if there is none.
   *
   * @param own the groups of this node
   * @param others the number of groups that each other node owns, for nodes that take groups
   */
  static @Nullable Move next(List<Integer> own, Map<String, Integer> others, CaughtUp caughtUp) {
    Move best = null;
    int fewest = own.size() - 1;
    for (Map.Entry<String, Integer> other : others.entrySet()) {
      if (other.getValue() < fewest) {
        for (int group : own) {
          if (caughtUp.isCaughtUp(group, other.getKey())) {
            best = new Move(group, other.getKey());
            fewest = other.getValue();
            break;
          }
        }
      }
    }
    return best;
  }

  /**
   * Returns the node to hand a group to before this one stops: of those that take groups and have
   * its entries the one with the fewest groups; null if there is none.
   */
  static @Nullable String successor(int group, Map<String, Integer> others, CaughtUp caughtUp) {
    String best = null;
    int fewest = Integer.MAX_VALUE;
    for (Map.Entry<String, Integer> other : others.entrySet()) {
      if (other.getValue() < fewest && caughtUp.isCaughtUp(group, other.getKey())) {
        best = other.getKey();
        fewest = other.getValue();
      }
    }
    return best;
  }
}
