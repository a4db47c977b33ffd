package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.PageParams;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.ActorPage;
import dev.dormouse.server.host.ActorQuery;
import dev.dormouse.server.host.ActorStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /api/actors?type=&prefix=&in=stored|awake&after=&limit=} with the actors
 * whose keys begin with the prefix. Each has its state, what keeps it awake, and the time and
 * reason of its last wake if they are remembered. {@code next} is the {@code after} of the next
 * page, null if there is none. A page with few or no actors may have a next page, since only a
 * limited number of actors is examined for each page ({@code looked}). A page has at most {@value
 * #LIMIT_MAX} actors, by default {@value #LIMIT_DEFAULT}. The request wakes no actor.
 *
 * <p>An actor that exists during all requests is on exactly one page, even if other actors come and
 * go.
 */
final class ActorListPage implements AdminPage {
  private static final int LIMIT_MAX = 500;
  private static final int LIMIT_DEFAULT = 50;

  private final ActorHost host;
  private final StoreReads reads;
  private final RecentWakes wakes;

  ActorListPage(ActorHost host, StoreReads reads, RecentWakes wakes) {
    this.host = host;
    this.reads = reads;
    this.wakes = wakes;
  }

  @Override
  public void mount(Router router) {
    router
        .get("/api/actors")
        .handler(
            context ->
                reads.answer(
                    context,
                    asked -> {
                      ActorQuery query = query(asked);
                      return () -> json(host.find(query));
                    }));
  }

  private static ActorQuery query(RoutingContext context) {
    String where = PageParams.text(context, "in");
    if (where != null && !where.equals("stored") && !where.equals("awake")) {
      throw new IllegalArgumentException("in '" + where + "' is neither stored nor awake");
    }
    return new ActorQuery(
        PageParams.type(context, "type"),
        PageParams.text(context, "prefix", ActorId.KEY_BYTES_MAX),
        "awake".equals(where),
        PageParams.actor(context, "after"),
        PageParams.number(context, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX));
  }

  private JsonObject json(ActorPage page) {
    JsonArray actors = new JsonArray();
    for (ActorStatus actor : page.actors()) {
      actors.add(ActorJson.of(actor).put("wake", ActorJson.of(wakes.of(actor.id()).wake())));
    }
    @Nullable ActorId next = page.next();
    return new JsonObject()
        .put("actors", actors)
        .put("next", next == null ? null : next.toString())
        .put("looked", page.looked());
  }
}
