package dev.dormouse.server.host;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.PlacedRow;
import dev.dormouse.storage.StoreFolder;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.Table;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Closes the connections that earlier runs of the node left in the store without a socket. Each
 * gets a close event with 1006 and a cause that says how its run ended, and the turn of that event
 * removes its row; after a crash, the next start finds the rows that are left. One page of closes
 * is under way at a time, so that they do not crowd out events of living clients. Rows that cannot
 * be read are passed over, so that the start does not wait for a repair.
 */
final class LeftoverCloses {
  private static final Logger log = Log.of(LeftoverCloses.class);
  private static final int PAGE = 256;

  private final ActorStore store;
  private final StoreFolder folder;
  private final Set<String> types;
  private final Consumer<Event.Client> host;
  private final Quarantine quarantine;
  private final CompletableFuture<Long> done = new CompletableFuture<>();

  // The fields below are handed from thread to thread by the counter underWay.

  /** The number of connections whose close was handed to the host. */
  private long closed;

  /** The number of connections of actor types that are not registered. */
  private long orphaned;

  /** The number of connections of actors that cannot be read. */
  private long unreadable;

  /** The cause of the closes of each run. */
  private final Map<Long, CloseReason.Cause> causes = new HashMap<>();

  /** The actor whose row {@code isActorReadable} is about; null before the first. */
  private @Nullable ActorId lookedAt;

  private boolean isActorReadable;

  LeftoverCloses(
      ActorStore store,
      StoreFolder folder,
      Set<String> types,
      Consumer<Event.Client> host,
      Quarantine quarantine) {
    this.store = store;
    this.folder = folder;
    this.types = types;
    this.host = host;
    this.quarantine = quarantine;
  }

  CompletableFuture<Long> close() {
    closeBehind(null);
    return done;
  }

  /** Closes page by page; the thread that ends a page's last close goes on with the next page. */
  private void closeBehind(@Nullable PlacedRow first) {
    PlacedRow after = first;
    boolean isPageDone = true;
    while (isPageDone) {
      List<PlacedRow> page;
      List<ToHost.Closed> dead;
      try {
        page = store.scanAll(Table.CONNECTION, after, PAGE);
        dead = page.stream().filter(this::isLeftover).map(this::closeOf).toList();
      } catch (CorruptRowException e) {
        log.error(
            "connections of earlier runs cannot be read; they stay stored until the next start: {}",
            e.getMessage());
        finish();
        return;
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
        return;
      }
      if (page.isEmpty()) {
        finish();
        return;
      }
      PlacedRow last = page.get(page.size() - 1);
      closed += dead.size();
      AtomicInteger underWay = new AtomicInteger(dead.size() + 1);
      Runnable ended =
          () -> {
            if (underWay.decrementAndGet() == 0) {
              closeBehind(last);
            }
          };
      dead.forEach(close -> host.accept(new Event.Client(close, ended)));
      isPageDone = underWay.decrementAndGet() == 0;
      after = last;
    }
  }

  private boolean isLeftover(PlacedRow row) {
    if (RowKey.connection(row.key()).run() == folder.run()) {
      return false;
    }
    boolean isHosted = types.contains(row.actor().type());
    if (!isHosted) {
      orphaned++;
      return false;
    }
    if (!isReadable(row.actor())) {
      unreadable++;
      quarantine.unclosedLeftover();
      return false;
    }
    return true;
  }

  /** Returns whether an actor's own row can be read; asks once for rows that lie together. */
  private boolean isReadable(ActorId actor) {
    if (!actor.equals(lookedAt)) {
      lookedAt = actor;
      try {
        store.get(actor, RowKey.ACTOR.table(), RowKey.ACTOR.bytes());
        isActorReadable = true;
      } catch (CorruptRowException e) {
        isActorReadable = false;
        quarantine.actor(actor, e);
      }
    }
    return isActorReadable;
  }

  private ToHost.Closed closeOf(PlacedRow row) {
    ConnectionId connection = RowKey.connection(row.key());
    CloseReason.Cause cause = causes.computeIfAbsent(connection.run(), this::causeOf);
    return new ToHost.Closed(row.actor(), connection, CloseReason.abnormal(cause));
  }

  private CloseReason.Cause causeOf(long run) {
    return switch (folder.endingOf(run)) {
      case CLOSED -> CloseReason.Cause.SHUTDOWN_UNFINISHED;
      case PROCESS_DIED -> CloseReason.Cause.PROCESS_DIED;
      case MACHINE_RESTARTED -> CloseReason.Cause.MACHINE_RESTARTED;
    };
  }

  private void finish() {
    if (orphaned > 0) {
      log.warn(
          "the store has {} of actor types that are not registered; they stay stored",
          Counted.of(orphaned, "connection"));
    }
    if (unreadable > 0) {
      log.error(
          "the store has {} of actors that cannot be read; they stay stored",
          Counted.of(unreadable, "connection"));
    }
    done.complete(closed);
  }
}
