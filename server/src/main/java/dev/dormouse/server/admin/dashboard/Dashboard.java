package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageFile;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.NodeStore;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Serves the dashboard at {@code GET /}, a page that shows the node, its actors, and the details of
 * an actor, and the {@code /api/…} that the page reads. The page needs nothing from other servers.
 *
 * <p>Wakes and resets are always recorded, and the node is sampled about once a second. Everything
 * else is measured only while there is an {@link Audience}.
 */
public final class Dashboard implements AdminPage {
  private static final List<String> FILES =
      List.of(
          "dashboard.css",
          "dashboard.js",
          "actor-list.js",
          "actor-view.js",
          "api.js",
          "chart.js",
          "dom.js",
          "node-strip.js",
          "value-tree.js",
          "words.js");

  private final Vertx vertx;
  private final StoreReads reads;
  private final Audience audience;
  private final NodePage node;
  private final List<AdminPage> pages;

  /**
   * Creates the dashboard of a server.
   *
   * @param cluster shows the cluster; null on a server that is alone
   */
  public Dashboard(
      Vertx vertx,
      ActorHost host,
      NodeStore store,
      WebSocketGateway gateway,
      Observers observers,
      Time time,
      @Nullable ClusterView cluster) {
    this.vertx = vertx;
    this.reads = new StoreReads(vertx);
    StoredActors actors = new StoredActors(host, store);
    RecentWakes wakes = new RecentWakes(time);
    RecentTurns turns = new RecentTurns(time);
    NodeMeter meter = new NodeMeter();
    observers.addOfActors(wakes);
    this.audience = new Audience(observers, time, List.of(turns, meter), turns::forgetAll);
    this.node =
        new NodePage(
            host, store, gateway, reads, time, wakes, new NodeHistory(time, wakes, meter), cluster);
    this.pages =
        List.of(
            node,
            new ActorStatusPage(host, reads, cluster),
            new ConnectionsPage(vertx, host, gateway),
            new ActorListPage(host, reads, wakes),
            new ActorDetailPage(actors, reads, wakes, turns, audience, cluster),
            new ActorConnectionsPage(actors, gateway, reads),
            new ActorValuesPage(actors, reads),
            new ActorOrdersPage(actors, gateway, reads));
  }

  @Override
  public void mount(Router router) {
    vertx.setPeriodic(0, NodeHistory.STEP.toMillis(), timer -> reads.read(this::tick));
    router.get("/").handler(PageFile.read(Dashboard.class, "dashboard.html")::answer);
    FILES.forEach(
        file ->
            router.get("/dashboard/" + file).handler(PageFile.read(Dashboard.class, file)::answer));
    router
        .route("/api/*")
        .handler(
            context -> {
              audience.look();
              context.next();
            });
    pages.forEach(page -> page.mount(router));
  }

  /**
   * Samples the node, outside of event loops: reading the last garbage collection takes a tenth of
   * a millisecond.
   */
  private synchronized boolean tick() {
    audience.tick();
    node.sample(audience.isThere());
    return audience.isThere();
  }
}
