package dev.dormouse.server.cluster.raft;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of a group, as one node knows it.
 *
 * @param number the number of the group
 * @param role the part of the node in the group
 * @param leader the name of the node that owns the group; null if the node knows of none
 * @param epoch the epoch of that ownership; 0 if the node knows of no owner
 * @param last the index of the last entry in the node's log
 * @param applied the index of the last entry that the node has applied
 * @param lags the number of entries that each other node has not got, by the names of the nodes, if
 *     this node leads the group; or else empty
 * @param lag the greatest of these numbers, as the leader has told; -1 if this node has not heard
 *     it
 */
public record RaftGroupState(
    int number,
    Role role,
    @Nullable String leader,
    long epoch,
    long last,
    long applied,
    Map<String, Long> lags,
    long lag) {

  /** The part of a node in a group. */
  public enum Role {
    /** The node keeps the entries of another node. */
    FOLLOWER,
    /** The node was elected, and has not applied all that earlier owners committed. */
    ELECTED,
    /** The node owns the group. */
    OWNER
  }

  /** Copies the map. */
  public RaftGroupState {
    lags = Map.copyOf(lags);
  }
}
