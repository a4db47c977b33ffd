package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.host.ActorHost;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /api/actors/{type}/{key}} with the status of an actor, of a registered type or
 * not. The answer has what keeps the actor in memory, the first {@value #ALARMS_SHOWN} of its
 * alarms, its last wake, its last reset and its failures as far as they are remembered, and its
 * last turns since {@code turnsSince}, which are recorded only while a person looks at the
 * dashboard; and in a cluster the name of the node that runs the actor. The answer is 404 if
 * nothing is stored of the actor. The request wakes no actor.
 */
final class ActorDetailPage implements AdminPage {
  private static final int ALARMS_SHOWN = 100;

  private final StoredActors actors;
  private final StoreReads reads;
  private final RecentWakes wakes;
  private final RecentTurns turns;
  private final Audience audience;
  private final @Nullable ClusterView cluster;

  ActorDetailPage(
      StoredActors actors,
      StoreReads reads,
      RecentWakes wakes,
      RecentTurns turns,
      Audience audience,
      @Nullable ClusterView cluster) {
    this.actors = actors;
    this.reads = reads;
    this.wakes = wakes;
    this.turns = turns;
    this.audience = audience;
    this.cluster = cluster;
  }

  @Override
  public void mount(Router router) {
    router.get("/api/actors/:type/:key").handler(context -> reads.answer(context, this::status));
  }

  private Callable<JsonObject> status(RoutingContext context) {
    ActorId actor = PageParams.actor(context);
    ActorHost host = actors.host();
    return () -> {
      RecentWakes.Past past = wakes.of(actor);
      JsonObject known = ActorJson.of(actors.known(actor), host.alarms(actor), ALARMS_SHOWN);
      return ActorJson.withOwner(cluster, actor, known)
          .put("isHosted", host.hosts(actor.type()))
          .put("wake", ActorJson.of(past.wake()))
          .put("reset", ActorJson.of(past.reset()))
          .put("failures", ActorJson.of(past.failures()))
          .put("turns", ActorJson.of(turns.of(actor)))
          .put("turnsSince", ActorJson.at(audience.sinceMs()));
    };
  }
}
