package dev.dormouse.server.cluster.link;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A proxy between two nodes. While it is cut it swallows all bytes of both sides and keeps their
 * connections open, as a stopped machine or a lost route does.
 */
@SuppressWarnings("try") // close() may be interrupted
public final class SwallowingProxy implements AutoCloseable {
  private final NetServer server;
  private final NetClient client;
  private final int port;
  private final Set<NetSocket> sockets = ConcurrentHashMap.newKeySet();
  private volatile int target;
  private volatile boolean isCut;

  /** Creates a proxy to a port of this machine. */
  public SwallowingProxy(Vertx vertx, int target) throws Exception {
    this.target = target;
    this.client = vertx.createNetClient();
    this.server = vertx.createNetServer().connectHandler(this::accept);
    this.port = await(server.listen(0, "127.0.0.1")).actualPort();
  }

  public int port() {
    return port;
  }

  /** Leads new connections to another port of this machine. */
  public void leadTo(int port) {
    target = port;
  }

  /** Swallows everything from now on. */
  public void cut() {
    isCut = true;
  }

  /** Carries bytes again; connections whose bytes were swallowed are ended. */
  public void heal() {
    isCut = false;
    sockets.forEach(NetSocket::close);
  }

  private void accept(NetSocket near) {
    sockets.add(near);
    near.pause();
    client
        .connect(target, "127.0.0.1")
        .onFailure(failure -> near.close())
        .onSuccess(
            far -> {
              sockets.add(far);
              carry(near, far);
              carry(far, near);
              near.resume();
            });
  }

  private void carry(NetSocket from, NetSocket to) {
    from.handler(
        (Buffer bytes) -> {
          if (!isCut) {
            to.write(bytes);
          }
        });
    from.closeHandler(
        closed -> {
          sockets.remove(from);
          if (!isCut) {
            to.close();
          }
        });
    from.exceptionHandler(failure -> {});
  }

  static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws Exception {
    sockets.forEach(NetSocket::close);
    await(server.close());
    await(client.close());
  }
}
