package dev.dormouse.server.cluster;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.storage.ActorStore;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The placement of a gateway that keeps no data: the owner of a group is the node that says so with
 * the greatest epoch. Any thread.
 */
final class HeardPlacement implements Placement {
  private final ActorStore groups;
  private final AtomicReferenceArray<@Nullable Owner> owners;

  /** Creates a placement without owners; the store knows the group of each actor. */
  HeardPlacement(ActorStore groups) {
    this.groups = groups;
    this.owners = new AtomicReferenceArray<>(groups.groups().groups());
  }

  /** Takes what a node says it owns; what it owned before and does not name, it owns no more. */
  void heard(String node, OwnedGroups owned) {
    for (int group = 0; group < owners.length(); group++) {
      Long epoch = owned.epochs().get(group);
      Owner known = owners.get(group);
      if (epoch != null && (known == null || epoch > known.epoch())) {
        owners.set(group, new Owner(node, epoch));
      } else if (epoch == null && known != null && known.node().equals(node)) {
        owners.compareAndSet(group, known, null);
      }
    }
  }

  @Override
  public int groups() {
    return owners.length();
  }

  @Override
  public int groupOf(ActorId actor) {
    return groups.groupOf(actor);
  }

  @Override
  public @Nullable Owner ownerOf(int group) {
    return owners.get(group);
  }

  @Override
  public boolean isFixed() {
    return false;
  }
}
