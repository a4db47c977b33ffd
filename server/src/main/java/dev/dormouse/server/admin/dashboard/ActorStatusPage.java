package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.ActorStatus;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests of scripts about an actor:
 *
 * <ul>
 *   <li>{@code GET /actors/{type}/{key}}: an {@link ActorStatus} in JSON, with the number of alarms
 *       that are set, the first {@value ActorDrops#ALARMS_SHOWN} of them and, in a cluster, the
 *       name of the node that runs the actor as {@code owner}
 *   <li>{@code POST /actors/{type}/{key}/hibernate}: drops the actor from memory, and answers with
 *       its status; the answer is 409 with the status and a {@code reason} if the actor is not
 *       dropped after {@value ActorDrops#LIMIT_SECONDS} s
 * </ul>
 */
final class ActorStatusPage implements AdminPage {
  private final ActorHost host;
  private final StoreReads reads;
  private final @Nullable ClusterView cluster;

  /**
   * Creates the page.
   *
   * @param cluster shows the cluster; null on a server that is alone
   */
  ActorStatusPage(ActorHost host, StoreReads reads, @Nullable ClusterView cluster) {
    this.host = host;
    this.reads = reads;
    this.cluster = cluster;
  }

  @Override
  public void mount(Router router) {
    router.get("/actors/:type/:key").handler(this::show);
    router.post("/actors/:type/:key/hibernate").handler(this::hibernate);
  }

  private void show(RoutingContext context) {
    reads.answer(
        context,
        asked -> {
          ActorId actor = PageParams.hosted(asked, host);
          return () ->
              ActorJson.withOwner(
                  cluster,
                  actor,
                  ActorJson.of(host.status(actor), host.alarms(actor), ActorDrops.ALARMS_SHOWN));
        });
  }

  private void hibernate(RoutingContext context) {
    StoreReads.answerLater(
        context,
        asked ->
            new ActorDrops(host, reads)
                .drop(asked, PageParams.hosted(asked, host), host::hibernate));
  }
}
