package dev.dormouse.storage;

import java.util.function.Function;

/**
 * How a store is replicated.
 *
 * @param node the lasting name of this node, which its data folder keeps
 * @param groups the number of groups of shards, fixed when the cluster is made
 * @param slot the place of this node among the most nodes that the cluster may ever have, from 0;
 *     no two nodes have the same, and a node never changes it. The runs of a node are numbered so
 *     that no other node has a run of the same number.
 * @param slots the number of places, fixed when the cluster is made
 * @param log makes the log for the machine that its entries are applied to
 */
public record Replication(
    String node,
    int groups,
    int slot,
    int slots,
    Function<ReplicatedLog.Machine, ReplicatedLog> log) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if the slot is none of the slots
   */
  public Replication {
    if (slot < 0 || slot >= slots) {
      throw new IllegalArgumentException("slot " + slot + " is not 0 to " + (slots - 1));
    }
  }

  /** Returns the run, unlike those of all other nodes, of an opening of this node's folder. */
  long runOf(long opening) {
    return (opening - 1) * slots + slot + 1;
  }

  /** Returns the opening of this node's folder that has a run; 0 if it is another node's run. */
  long openingOf(long run) {
    return run > 0 && (run - 1) % slots == slot ? (run - 1) / slots + 1 : 0;
  }
}
