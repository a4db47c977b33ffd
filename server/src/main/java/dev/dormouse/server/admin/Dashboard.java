package dev.dormouse.server.admin;

import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ActorStore;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.List;

/**
 * The dashboard, {@code GET /}: a page that shows the node, its actors, and all there is of one of
 * them; and the {@code /api/…} that it reads. Nothing it needs comes from elsewhere.
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

  private final NodeMeter meter = new NodeMeter();
  private final RecentTurns recent;
  private final List<AdminPage> pages;

  /** Of a server. */
  public Dashboard(
      Vertx vertx, ActorHost host, ActorStore store, WebSocketGateway gateway, Time time) {
    StoreReads reads = new StoreReads(vertx);
    this.recent = new RecentTurns(time);
    this.pages =
        List.of(
            new NodePage(vertx, host, store, gateway, reads, time, meter),
            new ActorListPage(host, reads, recent),
            new ActorDetailPage(host, store, gateway, reads, recent),
            new ActorOrdersPage(vertx, host, store, reads));
  }

  /** What it wants to hear: to be told of all that happens. */
  public List<DormouseObserver> observers() {
    return List.of(meter, recent);
  }

  @Override
  public void mount(Router router) {
    router.get("/").handler(PageFile.read("dashboard.html")::answer);
    FILES.forEach(file -> router.get("/dashboard/" + file).handler(PageFile.read(file)::answer));
    pages.forEach(page -> page.mount(router));
  }
}
