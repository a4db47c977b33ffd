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
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /api/actors?type=&prefix=&in=stored|awake|failing&after=&limit=} with the
 * actors whose keys begin with the prefix. Each has its state, what keeps it awake, the time and
 * reason of its last wake, and its failures, as far as they are remembered. An actor is failing for
 * some minutes after its last failure, see {@link RecentWakes#FAILING}. {@code next} is the {@code
 * after} of the next page, null if there is none. A page with few or no actors may have a next
 * page, since only a limited number of actors is examined for each page ({@code looked}). A page
 * has at most {@value #LIMIT_MAX} actors, by default {@value #LIMIT_DEFAULT}. The request wakes no
 * actor.
 *
 * <p>An actor that exists during all requests is on exactly one page, even if other actors come and
 * go.
 */
final class ActorListPage implements AdminPage {
  private static final int LIMIT_MAX = 500;
  private static final int LIMIT_DEFAULT = 50;
  private static final Comparator<ActorId> ORDER =
      Comparator.comparing(ActorId::type).thenComparing(ActorId::key);

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
                      Where where = where(asked);
                      ActorQuery query = query(asked, where);
                      return () -> json(where == Where.FAILING ? failing(query) : host.find(query));
                    }));
  }

  private enum Where {
    STORED,
    AWAKE,
    FAILING
  }

  private static Where where(RoutingContext context) {
    String where = PageParams.text(context, "in");
    if (where == null) {
      return Where.STORED;
    }
    for (Where each : Where.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(where)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "in '" + where + "' is neither stored nor awake nor failing");
  }

  private static ActorQuery query(RoutingContext context, Where where) {
    return new ActorQuery(
        PageParams.type(context, "type"),
        PageParams.text(context, "prefix", ActorId.KEY_BYTES_MAX),
        where == Where.AWAKE,
        PageParams.actor(context, "after"),
        PageParams.number(context, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX));
  }

  /** Finds failing actors, in the order of their types and keys. */
  private ActorPage failing(ActorQuery query) {
    List<ActorId> all = wakes.failing();
    List<ActorId> found =
        all.stream()
            .filter(query::matches)
            .filter(id -> query.after() == null || ORDER.compare(id, query.after()) > 0)
            .sorted(ORDER)
            .toList();
    List<ActorId> page = found.subList(0, Math.min(query.limit(), found.size()));
    ActorId next = page.size() < found.size() ? page.get(page.size() - 1) : null;
    return new ActorPage(page.stream().map(host::status).toList(), next, all.size());
  }

  private JsonObject json(ActorPage page) {
    JsonArray actors = new JsonArray();
    for (ActorStatus actor : page.actors()) {
      RecentWakes.Past past = wakes.of(actor.id());
      actors.add(
          ActorJson.of(actor)
              .put("wake", ActorJson.of(past.wake()))
              .put("failures", ActorJson.of(past.failures())));
    }
    @Nullable ActorId next = page.next();
    return new JsonObject()
        .put("actors", actors)
        .put("next", next == null ? null : next.toString())
        .put("looked", page.looked());
  }
}
