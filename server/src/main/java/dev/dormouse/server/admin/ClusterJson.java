package dev.dormouse.server.admin;

import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.cluster.ClusterStatus.GroupStatus;
import dev.dormouse.server.cluster.ClusterStatus.NodeStatus;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Converts the state of a cluster to JSON and back. */
public final class ClusterJson {
  private static final String UP = "up";

  private ClusterJson() {}

  /**
   * Returns the state as {@code {cluster, node, nodes: [{name, state, version}], groups: [{number,
   * leader, epoch, lag, applied}], takeovers}}. What is not known is null.
   */
  public static JsonObject of(ClusterStatus status) {
    JsonArray nodes = new JsonArray();
    for (NodeStatus node : status.nodes()) {
      nodes.add(
          new JsonObject()
              .put("name", node.name())
              .put("state", node.isUp() ? UP : "down")
              .put("version", node.version()));
    }
    JsonArray groups = new JsonArray();
    for (GroupStatus group : status.groups()) {
      groups.add(
          new JsonObject()
              .put("number", group.number())
              .put("leader", group.leader())
              .put("epoch", group.epoch())
              .put("lag", group.lag() < 0 ? null : group.lag())
              .put("applied", group.applied()));
    }
    return new JsonObject()
        .put("cluster", status.cluster())
        .put("node", status.node())
        .put("nodes", nodes)
        .put("groups", groups)
        .put("takeovers", status.takeovers());
  }

  /**
   * Reads what {@link #of} returned.
   *
   * @throws DecodeException if the text is something else
   */
  public static ClusterStatus read(String text) {
    try {
      JsonObject status = new JsonObject(text);
      return new ClusterStatus(
          given(status.getString("cluster")),
          given(status.getString("node")),
          objects(status, "nodes").stream().map(ClusterJson::node).toList(),
          objects(status, "groups").stream().map(ClusterJson::group).toList(),
          given(status.getLong("takeovers")));
    } catch (ClassCastException e) {
      throw new DecodeException("a field has a value of another type", e);
    }
  }

  private static NodeStatus node(JsonObject node) {
    return new NodeStatus(
        given(node.getString("name")),
        UP.equals(node.getString("state")),
        node.getString("version"));
  }

  private static GroupStatus group(JsonObject group) {
    Long lag = group.getLong("lag");
    return new GroupStatus(
        given(group.getInteger("number")),
        group.getString("leader"),
        given(group.getLong("epoch")),
        given(group.getLong("applied")),
        lag == null ? -1 : lag);
  }

  private static List<JsonObject> objects(JsonObject from, String field) {
    JsonArray array = given(from.getJsonArray(field));
    return array.stream().map(JsonObject.class::cast).toList();
  }

  private static <T> T given(@Nullable T value) {
    if (value == null) {
      throw new DecodeException("a field is missing");
    }
    return value;
  }
}
