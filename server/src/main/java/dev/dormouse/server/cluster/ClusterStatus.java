package dev.dormouse.server.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state of a cluster, as one of its nodes knows it.
 *
 * @param cluster the id of the cluster
 * @param node the name of the node that tells
 * @param nodes all nodes, in the order of their names
 * @param groups all groups of shards, in the order of their numbers
 */
public record ClusterStatus(
    String cluster, String node, List<NodeStatus> nodes, List<GroupStatus> groups) {

  /**
   * A node of the cluster.
   *
   * @param name the name of the node
   * @param isUp whether both lanes to the node are up; true for the node that tells
   * @param version the version of the node's software; null if it is not known
   */
  public record NodeStatus(String name, boolean isUp, @Nullable String version) {}

  /**
   * A group of shards.
   *
   * @param number the number of the group, from 0
   * @param leader the name of the node that owns the group; null if the telling node knows of none
   * @param epoch the epoch of that ownership; 0 if the telling node knows of no owner
   * @param applied the index of the last entry that the telling node has applied
   * @param lag the greatest number of entries that a follower has not got, as the leader knows it;
   *     -1 if the telling node is not the leader
   */
  public record GroupStatus(
      int number, @Nullable String leader, long epoch, long applied, long lag) {}
}
