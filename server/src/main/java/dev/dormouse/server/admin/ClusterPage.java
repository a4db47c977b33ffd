package dev.dormouse.server.admin;

import dev.dormouse.server.cluster.ClusterView;
import io.vertx.ext.web.Router;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /api/cluster} with the state of the cluster, as this node knows it, in the
 * form of {@link ClusterJson}; 404 on a server that is alone.
 */
public final class ClusterPage implements AdminPage {
  static final String ALONE =
      "this server is not a node of a cluster; the options --node, --peers and"
          + " --cluster-secret-file make it one";

  private final @Nullable ClusterView cluster;

  /**
   * Creates the page of a node.
   *
   * @param cluster shows the cluster; null on a server that is alone
   */
  public ClusterPage(@Nullable ClusterView cluster) {
    this.cluster = cluster;
  }

  @Override
  public void mount(Router router) {
    router
        .get("/api/cluster")
        .handler(
            context -> {
              if (cluster == null) {
                AdminServer.answer(context, 404, ALONE);
              } else {
                AdminServer.answer(context, 200, ClusterJson.of(cluster.status()));
              }
            });
  }
}
