package dev.dormouse.server.options;

import dev.dormouse.server.cluster.link.NodeAddress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The part of a node in a cluster.
 *
 * @param node the lasting name of this node
 * @param role the work that this node does
 * @param peers the addresses {@code host:port} at which the nodes that host actors reach each
 *     other, by the names of the nodes; an IPv6 address stands in brackets. This node is one of
 *     them unless it is a gateway only.
 * @param secretFile the file with the secret that all nodes of the cluster share, of 32 to 1,024
 *     bytes
 * @param groups the number of groups of shards, 1 to 256, fixed when the cluster is made
 */
public record ClusterOptions(
    String node, Role role, Map<String, String> peers, Path secretFile, int groups) {

  /** The work that a node does. */
  public enum Role {
    /** The node holds clients' sockets and hosts actors. */
    ALL,
    /**
     * The node holds clients' sockets, keeps no data and hosts no actors. It is none of the peers.
     */
    GATEWAY,
    /** The node hosts actors and has no port for clients. */
    HOST
  }

  /** The number of groups unless another is chosen: 8. */
  public static final int GROUPS = 8;

  /** The most nodes that a cluster may ever have: 64. */
  public static final int NODES_MAX = 64;

  private static final int GROUPS_MAX = 256;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /**
   * Checks names, addresses and numbers. The node checks the secret when it starts.
   *
   * @throws IllegalArgumentException if the peers do not have this node although it hosts actors,
   *     or are too many, a name has other characters than letters, digits, dots, underscores and
   *     hyphens, or an address is none
   */
  public ClusterOptions {
    peers = Collections.unmodifiableMap(new TreeMap<>(peers));
    peers.forEach(
        (name, address) -> {
          checkName(name);
          NodeAddress unused = NodeAddress.parse(address);
        });
    checkName(node);
    if (role == Role.GATEWAY && peers.containsKey(node)) {
      throw new IllegalArgumentException(
          "the node " + node + " is a gateway, and the peers are the nodes that host actors");
    }
    if (role != Role.GATEWAY && !peers.containsKey(node)) {
      throw new IllegalArgumentException(
          "the node " + node + " is none of the peers " + String.join(", ", peers.keySet()));
    }
    if (peers.size() > NODES_MAX) {
      throw new IllegalArgumentException(
          "there are " + peers.size() + " peers; a cluster has at most " + NODES_MAX + " nodes");
    }
    if (groups < 1 || groups > GROUPS_MAX) {
      throw new IllegalArgumentException(
          "a cluster has 1 to " + GROUPS_MAX + " groups, not " + groups);
    }
  }

  private static void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "the node's name \""
              + name
              + "\" is not 1 to 64 letters, digits, dots, underscores and hyphens");
    }
  }

  /** Returns the options of a node that does all work, with the default number of groups. */
  public static ClusterOptions of(String node, Map<String, String> peers, Path secretFile) {
    return new ClusterOptions(node, Role.ALL, peers, secretFile, GROUPS);
  }
}
