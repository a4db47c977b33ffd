package dev.dormouse.server.cluster;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ReplicatedLog;
import org.jspecify.annotations.Nullable;

/**
 * The placement of a cluster: the owner of a group is the node that the replicated log has elected,
 * as far as this node has heard. Any thread.
 */
final class LogPlacement implements Placement {
  private final ActorStore store;
  private final ReplicatedLog log;

  /**
   * Creates the placement of a node.
   *
   * @param store the node's store, which knows the group of each actor
   * @param log the log of that store
   */
  LogPlacement(ActorStore store, ReplicatedLog log) {
    this.store = store;
    this.log = log;
  }

  @Override
  public int groups() {
    return store.groups().groups();
  }

  @Override
  public int groupOf(ActorId actor) {
    return store.groupOf(actor);
  }

  @Override
  public @Nullable Owner ownerOf(int group) {
    ReplicatedLog.Owner owner = log.owner(group);
    return owner == null ? null : new Owner(owner.node(), owner.epoch());
  }

  @Override
  public boolean isFixed() {
    return false;
  }
}
