package dev.dormouse.examples.bench;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The server that Dormouse is compared with: Vert.x's own WebSockets on one event loop. It echoes a
 * message, or sends a message that begins with {@code B} to all sockets of the same path. Nothing
 * is stored, and nothing sleeps.
 */
final class BaselineServer {
  private final Map<String, Set<ServerWebSocket>> byPath = new HashMap<>();

  private BaselineServer() {}

  /** Listens on any free port and prints the port. */
  public static void main(String[] args) {
    BaselineServer server = new BaselineServer();
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    vertx
        .createHttpServer(new HttpServerOptions().setAcceptBacklog(8192))
        .webSocketHandler(server::accept)
        .listen(0, "127.0.0.1")
        .onSuccess(listening -> System.out.println(ServerProcess.PORT + listening.actualPort()))
        .onFailure(
            failure -> {
              System.err.println(failure);
              System.exit(1);
            });
  }

  private void accept(ServerWebSocket socket) {
    Set<ServerWebSocket> members =
        byPath.computeIfAbsent(socket.path(), p -> new LinkedHashSet<>());
    members.add(socket);
    socket.closeHandler(closed -> members.remove(socket));
    socket.textMessageHandler(
        text -> {
          if (text.startsWith("B")) {
            members.forEach(member -> member.writeTextMessage(text));
          } else {
            socket.writeTextMessage(text);
          }
        });
  }
}
