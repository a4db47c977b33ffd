package dev.dormouse.storage;

/**
 * Hears which groups of shards this node owns. The events of one group come one after the other, in
 * the order in which they happened. A listener must return soon, and must not close the store.
 */
public interface OwnershipListener {

  /**
   * Called when the node owns a group, and all that earlier owners committed can be read.
   *
   * @param epoch the epoch of the ownership, which is greater than those of all before it
   */
  void onOwned(int group, long epoch);

  /**
   * Called when the node no longer owns a group: all commits that are handed in from now on are
   * fenced.
   *
   * @param why the reason, in words
   */
  void onLost(int group, String why);
}
