package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Looks at sockets, each on its event loop. Any thread. */
final class ConnectionStatuses {
  private ConnectionStatuses() {}

  /** A page of an actor's connections, in the order of their ids. */
  static Future<List<ConnectionStatus>> of(
      GatewayParts parts, ActorId actor, @Nullable ConnectionId after, int limit) {
    List<ClientSocket> sockets = new ArrayList<>();
    parts
        .groups()
        .forEach(
            actor,
            socket -> {
              if (after == null || socket.id().compareTo(after) > 0) {
                sockets.add(socket);
              }
            });
    sockets.sort(Comparator.comparing(ClientSocket::id));
    Map<EventLoop, List<ClientSocket>> byLoop = new HashMap<>();
    sockets.stream()
        .limit(limit)
        .forEach(
            socket -> byLoop.computeIfAbsent(socket.loop(), l -> new ArrayList<>()).add(socket));
    List<Future<List<ConnectionStatus>>> looks = new ArrayList<>();
    byLoop.forEach((loop, its) -> looks.add(look(parts, loop, its)));
    return Future.all(looks)
        .map(
            all ->
                looks.stream()
                    .flatMap(look -> look.result().stream())
                    .sorted(Comparator.comparing(ConnectionStatus::connection))
                    .toList());
  }

  private static Future<List<ConnectionStatus>> look(
      GatewayParts parts, EventLoop loop, List<ClientSocket> sockets) {
    Promise<List<ConnectionStatus>> seen = Promise.promise();
    try {
      parts
          .loops()
          .run(
              loop,
              () ->
                  seen.complete(
                      sockets.stream()
                          .map(
                              socket ->
                                  new ConnectionStatus(
                                      socket.id(),
                                      parts.heartbeats().lastHeard(socket, loop),
                                      socket.waitingBytes()))
                          .toList()));
    } catch (RejectedExecutionException loopIsShutDown) {
      seen.complete(List.of());
    }
    return seen.future();
  }
}
