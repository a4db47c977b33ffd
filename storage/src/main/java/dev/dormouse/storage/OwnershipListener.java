package dev.dormouse.storage;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

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
   * Called when the node is about to hand a group to another node. The ownership ends afterwards,
   * whether the other node takes it or not. Any thread may call this method.
   *
   * @return completes when nothing of the group is under way, or cannot be waited for any longer
   */
  default CompletionStage<Void> onLeaving(int group) {
    return CompletableFuture.completedStage(null);
  }

  /**
   * Called when the node no longer owns a group: all commits that are handed in from now on are
   * fenced.
   *
   * @param why the reason, in words
   */
  void onLost(int group, String why);
}
