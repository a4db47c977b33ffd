package dev.dormouse.server.gateway;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Proves that the event loops of a Vert.x have done all work that was due. An echo from every loop
 * comes back only after that loop has read the bytes that clients sent before, and has done its
 * earlier tasks. A loop may hand bytes on to another loop, so there are three rounds.
 */
final class LoopFence implements AutoCloseable {
  private static final int ROUNDS = 3;
  private static final int TRIES_PER_LOOP = 8;
  private static final int TIMEOUT_MS = 20_000;

  private final Vertx vertx;
  private final String deployment;
  private final Map<String, Socket> sockets = new LinkedHashMap<>();
  private volatile int port;

  LoopFence(Vertx vertx, int loops) {
    this.vertx = vertx;
    SocketAddress address = SocketAddress.sharedRandomPort(2, "127.0.0.1");
    deployment =
        TestServer.await(
            vertx.deployVerticle(
                () ->
                    context ->
                        vertx
                            .createNetServer()
                            .connectHandler(
                                socket -> {
                                  socket.write(Thread.currentThread().getName() + "\n");
                                  socket.handler(socket::write);
                                })
                            .listen(address)
                            .onSuccess(server -> port = server.actualPort()),
                new DeploymentOptions().setInstances(loops)));
    try {
      for (int i = 0; sockets.size() < loops; i++) {
        if (i >= TRIES_PER_LOOP * loops) {
          throw new AssertionError("no connections to all of the " + loops + " event loops");
        }
        connect();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(TIMEOUT_MS);
    socket.setTcpNoDelay(true);
    String loop =
        new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
            .readLine();
    Socket before = sockets.putIfAbsent(loop, socket);
    if (before != null) {
      socket.close();
    }
  }

  /** Returns when every event loop has done all work that was due at the call. */
  void pass() {
    try {
      for (int round = 0; round < ROUNDS; round++) {
        for (Socket socket : sockets.values()) {
          socket.getOutputStream().write('x');
        }
        for (Socket socket : sockets.values()) {
          if (socket.getInputStream().read() != 'x') {
            throw new AssertionError("no echo");
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      for (Socket socket : sockets.values()) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    TestServer.await(vertx.undeploy(deployment));
  }
}
