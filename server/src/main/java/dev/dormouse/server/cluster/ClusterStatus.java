package dev.dormouse.server.cluster;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state of a cluster, as one of its nodes knows it.
 *
 * @param cluster the id of the cluster; empty while the telling node does not know it
 * @param node the name of the node that tells
 * @param nodes all nodes, in the order of their names
 * @param groups all groups of shards, in the order of their numbers
 * @param takeovers how often a group got another epoch, as far as the node has seen since its start
 */
public record ClusterStatus(
    String cluster, String node, List<NodeStatus> nodes, List<GroupStatus> groups, long takeovers) {
  /** Copies the lists. */
  public ClusterStatus {
    nodes = List.copyOf(nodes);
    groups = List.copyOf(groups);
  }

  /** Returns the number of nodes that are up, as the node knows. */
  public long nodesUp() {
    return nodes.stream().filter(NodeStatus::isUp).count();
  }

  /** Returns the groups that the node itself leads. */
  public List<GroupStatus> led() {
    return groups.stream().filter(group -> node.equals(group.leader)).toList();
  }

  /** Returns the number of groups of which the node knows no leader. */
  public long leaderless() {
    return groups.stream().filter(group -> group.leader == null).count();
  }

  /**
   * Returns the greatest lag of the groups that the node leads, as far as it knows; 0 if it leads
   * none.
   */
  public long lag() {
    return led().stream().mapToLong(group -> Math.max(0, group.lag)).max().orElse(0);
  }

  /**
   * Returns why the cluster is not whole, a sentence for each reason; empty if every node is up,
   * every group has a leader, and every node has caught up with the leaders.
   */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (NodeStatus other : nodes) {
      if (!other.isUp) {
        missing.add("node %s is not connected to node %s".formatted(other.name, node));
      }
    }
    for (GroupStatus group : groups) {
      if (group.leader == null) {
        missing.add("group %s has no leader that node %s knows of".formatted(group.number, node));
      } else if (group.lag < 0) {
        missing.add(
            "group %s: its leader %s has not told how far the other nodes are"
                .formatted(group.number, group.leader));
      } else if (group.lag > 0) {
        missing.add(
            "group %s: a node has yet to apply %s of the entries that its leader %s has"
                .formatted(group.number, group.lag, group.leader));
      }
    }
    return missing;
  }

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
   * @param lag the greatest number of entries that the leader had applied a second before and that
   *     a node has not applied yet, as the leader has told; -1 if the telling node has not heard it
   */
  public record GroupStatus(
      int number, @Nullable String leader, long epoch, long applied, long lag) {}
}
