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
 * Connections that an earlier run has left behind: their rows are in the store, their sockets are
 * nowhere. Each is closed with 1006 and a cause that says how that run ended, in a turn that
 * removes its row; what a crash interrupts, the next start finds again. One page is under way at a
 * time, so that they do not crowd out the living. What cannot be read is passed over: the start
 * does not wait for a repair.
 */
final class LeftoverCloses {
  private static final Logger log = Log.of(LeftoverCloses.class);
  private static final int PAGE = 256;

  private final ActorStore store;
  private final Set<String> types;
  private final Consumer<Event.Client> host;
  private final Quarantine quarantine;
  private final CompletableFuture<Long> done = new CompletableFuture<>();

  /** Of the page that is under way; handed from thread to thread by {@code underWay}. */
  private long closed;

  private long orphaned;
  private long unreadable;

  /** Of what the connections of an incarnation have died. Like the numbers before. */
  private final Map<Long, CloseReason.Cause> causes = new HashMap<>();

  /** The actor that was looked at last, and whether its row can be read. */
  private @Nullable ActorId lookedAt;

  private boolean isActorReadable;

  LeftoverCloses(
      ActorStore store, Set<String> types, Consumer<Event.Client> host, Quarantine quarantine) {
    this.store = store;
    this.types = types;
    this.host = host;
    this.quarantine = quarantine;
  }

  CompletableFuture<Long> close() {
    closeBehind(null);
    return done;
  }

  /** Closes page by page; goes on elsewhere when a page has ended that was under way. */
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
            "connections of the last run cannot be found, and stay stored: {}", e.getMessage());
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
    if (RowKey.connection(row.key()).incarnation() == store.incarnation()) {
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

  /** The rows of an actor lie together, so it is asked once for each. */
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
    CloseReason.Cause cause = causes.computeIfAbsent(connection.incarnation(), this::causeOf);
    return new ToHost.Closed(row.actor(), connection, CloseReason.abnormal(cause));
  }

  private CloseReason.Cause causeOf(long incarnation) {
    return switch (store.endingOf(incarnation)) {
      case CLOSED -> CloseReason.Cause.SHUTDOWN_UNFINISHED;
      case PROCESS_DIED -> CloseReason.Cause.PROCESS_DIED;
      case MACHINE_RESTARTED -> CloseReason.Cause.MACHINE_RESTARTED;
    };
  }

  private void finish() {
    if (orphaned > 0) {
      log.warn(
          "the store has {} of actor types that are not registered; left as stored",
          Counted.of(orphaned, "connection"));
    }
    if (unreadable > 0) {
      log.error(
          "the store has {} of actors that cannot be read; left as stored",
          Counted.of(unreadable, "connection"));
    }
    done.complete(closed);
  }
}
