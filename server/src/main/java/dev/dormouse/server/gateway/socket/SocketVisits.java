package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.WebSocketGateway;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Visits many sockets of a gateway, each on its event loop, to report on them or to close them. No
 * visit wakes an actor.
 *
 * <p>Any thread may use it.
 */
public final class SocketVisits {
  /** The sockets that may always be closed at once. */
  private static final int CLOSED_AT_ONCE = 100;

  /** The pause, in milliseconds, between two groups of sockets that are closed. */
  private static final long PAUSE_MS = 10;

  private final Vertx vertx;
  private final ConnectionGroups groups;
  private final LoopQueues loops;
  private final Heartbeats heartbeats;

  public SocketVisits(
      Vertx vertx, ConnectionGroups groups, LoopQueues loops, Heartbeats heartbeats) {
    this.vertx = vertx;
    this.groups = groups;
    this.loops = loops;
    this.heartbeats = heartbeats;
  }

  /** Returns a page of an actor's connections, see {@link WebSocketGateway#connections}. */
  public Future<List<ConnectionStatus>> statuses(
      ActorId actor, @Nullable ConnectionId after, int limit) {
    List<ClientSocket> sockets = new ArrayList<>();
    groups.forEach(
        actor,
        socket -> {
          if (after == null || socket.id().compareTo(after) > 0) {
            sockets.add(socket);
          }
        });
    sockets.sort(Comparator.comparing(ClientSocket::id));
    Queue<ConnectionStatus> seen = new ConcurrentLinkedQueue<>();
    return visit(
            sockets.subList(0, Math.min(limit, sockets.size())),
            socket ->
                seen.add(
                    new ConnectionStatus(
                        socket.id(),
                        heartbeats.lastHeard(socket, socket.loop()),
                        socket.waitingBytes())))
        .map(
            all ->
                seen.stream().sorted(Comparator.comparing(ConnectionStatus::connection)).toList());
  }

  /** Visits connections whose sockets are open, see {@link WebSocketGateway#visitOpen}. */
  public Future<Long> open(
      Predicate<ActorId> which, int limit, BiConsumer<ConnectionId, ActorId> visitor) {
    // There may be a million sockets, too many for an event loop to look through.
    return vertx
        .executeBlocking(
            () -> groups.all().stream().filter(socket -> which.test(socket.actor())).toList(),
            false)
        .compose(
            chosen -> {
              int visited = Math.min(limit, chosen.size());
              return visit(
                      chosen.subList(0, visited),
                      socket -> {
                        if (isOpen(socket.state())) {
                          visitor.accept(socket.id(), socket.actor());
                        }
                      })
                  .map(all -> (long) chosen.size() - visited);
            });
  }

  /** Returns whether observers were told of a socket's start, and not yet of its end. */
  private static boolean isOpen(SocketState state) {
    return state != SocketState.UPGRADING && state != SocketState.GONE;
  }

  /**
   * Closes all sockets, in no order. If there are many, their closes are spread over a while, so
   * that the clients do not all reconnect at once.
   *
   * @param spread the time over which the closes may be spread
   * @param forAnswers the longest time that each socket waits for answers to earlier messages
   */
  public void closeAll(CloseReason reason, Duration spread, Duration forAnswers) {
    List<ClientSocket> shuffled = groups.all();
    Collections.shuffle(shuffled);
    long pauses = Math.max(1, spread.toMillis() / PAUSE_MS);
    long atOnce = Math.max(CLOSED_AT_ONCE, (shuffled.size() + pauses - 1) / pauses);
    Iterator<ClientSocket> rest = shuffled.iterator();
    if (closeSome(rest, atOnce, reason, forAnswers)) {
      vertx.setPeriodic(
          PAUSE_MS,
          timer -> {
            if (!closeSome(rest, atOnce, reason, forAnswers)) {
              vertx.cancelTimer(timer);
            }
          });
    }
  }

  /** Closes the next group of sockets, and returns whether there are more. */
  private boolean closeSome(
      Iterator<ClientSocket> rest, long atOnce, CloseReason reason, Duration forAnswers) {
    LoopQueues.Steps steps = loops.steps();
    for (long i = 0; i < atOnce && rest.hasNext(); i++) {
      steps.add(rest.next(), socket -> socket.leave(reason, forAnswers));
    }
    steps.dispatch();
    return rest.hasNext();
  }

  /** Ends the TCP connections of all sockets, without waiting for clients or the host. */
  public void abandonAll() {
    LoopQueues.Steps steps = loops.steps();
    groups.all().forEach(socket -> steps.add(socket, ClientSocket::abandon));
    steps.dispatch();
  }

  /** Returns a future that completes when each socket was visited, or its event loop is gone. */
  private Future<Void> visit(Collection<ClientSocket> sockets, Consumer<ClientSocket> visitor) {
    Map<EventLoop, List<ClientSocket>> byLoop = new HashMap<>();
    for (ClientSocket socket : sockets) {
      byLoop.computeIfAbsent(socket.loop(), loop -> new ArrayList<>()).add(socket);
    }
    List<Future<Void>> visits = new ArrayList<>(byLoop.size());
    byLoop.forEach(
        (loop, its) -> {
          Promise<Void> visited = Promise.promise();
          visits.add(visited.future());
          loops.run(loop, new Visit(its, visitor, visited));
        });
    return Future.all(visits).mapEmpty();
  }

  /** A visit to the sockets of one event loop. */
  private record Visit(
      List<ClientSocket> sockets, Consumer<ClientSocket> visitor, Promise<Void> visited)
      implements LoopQueues.Work {
    @Override
    public void run() {
      try {
        sockets.forEach(visitor);
      } finally {
        visited.complete();
      }
    }

    @Override
    public void giveUp() {
      visited.complete();
    }
  }
}
