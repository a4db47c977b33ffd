package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.PlacedRow;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Finds actors a page at a time. Actors in memory come in the order of their types and keys. Stored
 * actors come in the store's own order, so that a search has to look at all of them; for one page
 * it looks at no more than {@value #LOOKED_MAX}.
 */
final class ActorSearch {
  static final int LOOKED_MAX = 20_000;

  private static final int READ_AT_ONCE = 1_024;
  private static final Comparator<ActorId> ORDER =
      Comparator.comparing(ActorId::type).thenComparing(ActorId::key);

  private final Map<ActorId, ActorCell> cells;
  private final ActorStore store;
  private final long nowNs;

  /** Creates a search that describes actors as they are at a moment. */
  ActorSearch(Map<ActorId, ActorCell> cells, ActorStore store, long nowNs) {
    this.cells = cells;
    this.store = store;
    this.nowNs = nowNs;
  }

  ActorPage page(ActorQuery query) {
    return query.isInMemory() ? inMemory(query) : stored(query);
  }

  /**
   * Lists actors of a type, in no order: those in memory first, then stored ones that have
   * connections or cannot be read.
   */
  List<ActorStatus> list(String type, int limit) {
    Map<ActorId, ActorStatus> found = new LinkedHashMap<>();
    if (limit < 1) {
      return List.of();
    }
    for (ActorStatus actor : page(new ActorQuery(type, "", true, null, limit)).actors()) {
      found.put(actor.id(), actor);
    }
    ActorId after = null;
    int looked = 0;
    do {
      ActorPage page = page(new ActorQuery(type, "", false, after, limit));
      for (ActorStatus actor : page.actors()) {
        if (actor.state() != ActorStatus.State.INACTIVE && found.size() < limit) {
          found.putIfAbsent(actor.id(), actor);
        }
      }
      looked += page.looked();
      after = page.next();
    } while (after != null && found.size() < limit && looked < LOOKED_MAX);
    return List.copyOf(found.values());
  }

  private ActorPage inMemory(ActorQuery query) {
    TreeSet<ActorId> first = new TreeSet<>(ORDER);
    int looked = 0;
    boolean isMore = false;
    for (ActorId id : cells.keySet()) {
      looked++;
      boolean isBehind = query.after() == null || ORDER.compare(id, query.after()) > 0;
      if (isBehind && query.matches(id)) {
        first.add(id);
        if (first.size() > query.limit()) {
          first.pollLast();
          isMore = true;
        }
      }
    }
    List<ActorStatus> found = first.stream().map(this::status).toList();
    return new ActorPage(found, isMore ? first.last() : null, looked);
  }

  private ActorPage stored(ActorQuery query) {
    List<ActorStatus> found = new ArrayList<>();
    PlacedRow last =
        query.after() == null ? null : new PlacedRow(query.after(), ActorRow.KEY, null);
    int looked = 0;
    while (looked < LOOKED_MAX) {
      List<PlacedRow> rows = store.scanAll(Table.ACTOR, last, READ_AT_ONCE);
      if (rows.isEmpty()) {
        return new ActorPage(found, null, looked);
      }
      for (PlacedRow row : rows) {
        last = row;
        looked++;
        if (row.key().length == ActorRow.KEY.length && query.matches(row.actor())) {
          found.add(status(row));
          if (found.size() == query.limit()) {
            return new ActorPage(found, row.actor(), looked);
          }
        }
      }
    }
    return new ActorPage(found, last == null ? null : last.actor(), looked);
  }

  private ActorStatus status(PlacedRow row) {
    if (row.value() == null || cells.containsKey(row.actor())) {
      return status(row.actor());
    }
    try {
      return ActorStatus.asleep(row.actor(), row.value());
    } catch (CorruptRowException e) {
      return status(row.actor());
    }
  }

  /** Describes an actor, in memory or not. */
  ActorStatus status(ActorId id) {
    ActorCell cell = cells.get(id);
    return cell == null
        ? ActorStatus.asleep(id, store)
        : cell.status(() -> ActorStatus.asleep(id, store), nowNs);
  }
}
