package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.simulation.ReplicatedLog.Group;
import org.jspecify.annotations.Nullable;

/** The owners of groups, as one node has heard of them, which may be long ago. */
final class Rumours implements Placement {
  private final @Nullable Owner[] known = new Owner[ReplicatedLog.GROUPS.groups()];

  /** Lets the node hear of the leader of a group. */
  void hear(Group group) {
    ReplicatedStore leader = group.leader;
    known[group.number] = leader == null ? null : new Owner(leader.node().name(), group.epoch);
  }

  @Override
  public int groups() {
    return known.length;
  }

  @Override
  public int groupOf(ActorId actor) {
    return ReplicatedLog.groupOf(actor);
  }

  @Override
  public @Nullable Owner ownerOf(int group) {
    return known[group];
  }

  @Override
  public boolean isFixed() {
    return false;
  }
}
