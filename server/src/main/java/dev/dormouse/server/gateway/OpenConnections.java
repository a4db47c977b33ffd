package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** Visits open sockets, each on its event loop. Any thread. */
final class OpenConnections {

  /** Those that are to be visited, and how many more there are. */
  private record Chosen(Map<EventLoop, List<ClientSocket>> byLoop, long others) {}

  private OpenConnections() {}

  /** See {@link WebSocketGateway#visitOpen}. */
  static Future<Long> visit(
      GatewayParts parts,
      Vertx vertx,
      Predicate<ActorId> which,
      int limit,
      BiConsumer<ConnectionId, ActorId> visitor) {
    // There may be a million: not on an event loop.
    return vertx
        .executeBlocking(() -> choose(parts.groups().all(), which, limit), false)
        .compose(
            chosen -> {
              List<Future<Void>> visits = new ArrayList<>();
              chosen
                  .byLoop()
                  .forEach((loop, sockets) -> visits.add(visit(parts, loop, sockets, visitor)));
              return Future.all(visits).map(all -> chosen.others());
            });
  }

  private static Chosen choose(List<ClientSocket> all, Predicate<ActorId> which, int limit) {
    Map<EventLoop, List<ClientSocket>> byLoop = new HashMap<>();
    int number = 0;
    long others = 0;
    for (ClientSocket socket : all) {
      if (which.test(socket.actor())) {
        if (number < limit) {
          number++;
          byLoop.computeIfAbsent(socket.loop(), loop -> new ArrayList<>()).add(socket);
        } else {
          others++;
        }
      }
    }
    return new Chosen(byLoop, others);
  }

  private static Future<Void> visit(
      GatewayParts parts,
      EventLoop loop,
      List<ClientSocket> sockets,
      BiConsumer<ConnectionId, ActorId> visitor) {
    Promise<Void> visited = Promise.promise();
    try {
      parts
          .loops()
          .run(
              loop,
              () -> {
                for (ClientSocket socket : sockets) {
                  if (isOpen(socket.state())) {
                    visitor.accept(socket.id(), socket.actor());
                  }
                }
                visited.complete();
              });
    } catch (RejectedExecutionException loopIsShutDown) {
      visited.complete();
    }
    return visited.future();
  }

  /** Whether its acceptance was told, and its end is yet to be told. */
  private static boolean isOpen(SocketState state) {
    return state != SocketState.UPGRADING && state != SocketState.GONE;
  }
}
