package dev.dormouse.server.cluster.raft;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The settings of a node's replicated log.
 *
 * @param folder the folder of the log, which is made if it is missing
 * @param members the names of all nodes of the cluster when it is made, this one included; of
 *     letters, digits, dots, underscores and hyphens
 * @param groups the number of groups, fixed when the cluster is made
 * @param election the time after which the silence of an owner leads to an election
 * @param snapshots the time between two snapshots of a group; zero for none
 * @param stall the time after which a log that should go on and does not is repaired
 * @param balance the time between two groups that a node hands to one that owns fewer; zero for
 *     never
 * @param mayOwn whether this node stands for election by itself; if not, it only owns groups that
 *     an owner hands to it when that owner is stopped
 */
public record RaftSettings(
    Path folder,
    List<String> members,
    int groups,
    Duration election,
    Duration snapshots,
    Duration stall,
    Duration balance,
    boolean mayOwn) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /**
   * Checks the names.
   *
   * @throws IllegalArgumentException if a name has other characters
   */
  public RaftSettings {
    members = List.copyOf(members);
    for (String member : members) {
      if (!NAME.matcher(member).matches()) {
        throw new IllegalArgumentException(
            "the node's name \""
                + member
                + "\" is not 1 to 64 letters, digits, dots, underscores and hyphens");
      }
    }
  }

  /**
   * Returns the default settings: an election after 1 s, snapshots every 5 minutes, repairs after 3
   * s, and one group handed over every 5 s until each node owns its share.
   */
  public static RaftSettings of(Path folder, List<String> members, int groups) {
    return new RaftSettings(
        folder,
        members,
        groups,
        Duration.ofSeconds(1),
        Duration.ofMinutes(5),
        Duration.ofSeconds(3),
        Duration.ofSeconds(5),
        true);
  }
}
