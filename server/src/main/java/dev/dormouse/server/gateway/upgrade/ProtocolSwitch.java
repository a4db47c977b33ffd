package dev.dormouse.server.gateway.upgrade;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.http.HttpAnswers;
import dev.dormouse.server.gateway.http.HttpGuard;
import dev.dormouse.server.gateway.http.HttpWatch;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.gateway.socket.SocketState;
import dev.dormouse.server.observe.LogLabels;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.vertx.core.AsyncResult;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Answers one upgrade with a 101 and hands its TCP connection to a socket. Handlers of the
 * application may add headers first.
 *
 * <p>After {@code toNetSocket} the pipeline is {@code [ssl, TlsFailures] handler}. The last handler
 * is Vert.x's own, and refers to the upgrade request, its headers and its connection. The switch
 * puts {@code frame decoder, ClientSocket} before it and removes it, unless Vert.x keeps metrics
 * there; so an open socket keeps no object of its request alive. The HTTP server still has the
 * channel in its own group, and closes the channel when the server closes.
 *
 * <p>It runs on the request's context, which is the channel's event loop.
 */
final class ProtocolSwitch {
  private static final Logger log = Log.of(ProtocolSwitch.class);

  private final RoutingContext request;
  private final Handshake.Valid handshake;
  private final ClientSocket socket;

  /**
   * Creates the switch of one upgrade.
   *
   * @param socket the socket that gets the connection, or is told that it does not
   */
  ProtocolSwitch(RoutingContext request, Handshake.Valid handshake, ClientSocket socket) {
    this.request = request;
    this.handshake = handshake;
    this.socket = socket;
  }

  /**
   * Writes the 101 and hands the connection to the socket, unless the request was answered.
   *
   * @param headers the headers that the actor has added to the 101
   */
  void answer(List<Header> headers) {
    HttpServerResponse response = request.response();
    if (response.closed() || response.headWritten()) {
      socket.neverOpened();
      return;
    }
    UpgradeRequest.Answer answer = UpgradeRequest.answer(response);
    try {
      headers.forEach(header -> HttpAnswers.add(response, header));
      if (answer != null) {
        answer.beforeHeaders();
      }
    } catch (RuntimeException e) {
      LogLabels.with(
          socket.actor(),
          socket.id(),
          () ->
              log.error(
                  "the headers for the 101 of connection {} of actor {} cannot be sent; the client"
                      + " is answered 500",
                  socket.id(),
                  socket.actor(),
                  e));
      socket.neverOpened();
      response.headers().clear();
      HttpAnswers.send(request, HttpResponse.text(500, "a header of the answer is not valid"));
      return;
    }
    MultiMap all = response.headers();
    all.remove("Content-Length").remove("Transfer-Encoding");
    all.set("Upgrade", "websocket").set("Connection", "Upgrade");
    all.set("Sec-WebSocket-Accept", handshake.accept());
    all.remove("Sec-WebSocket-Extensions").remove("Sec-WebSocket-Protocol");
    if (handshake.deflate() != null) {
      all.set("Sec-WebSocket-Extensions", handshake.deflate().header());
    }
    if (handshake.subprotocol() != null) {
      all.set("Sec-WebSocket-Protocol", handshake.subprotocol());
    }
    HttpGuard guard = HttpGuard.of(request.request());
    if (guard != null) {
      guard.awaitSocket();
    }
    try {
      request.request().toNetSocket().onComplete(taken -> takeOver(taken, answer));
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private void takeOver(AsyncResult<NetSocket> taken, UpgradeRequest.@Nullable Answer answer) {
    if (taken.succeeded() && isTakenOver(taken.result())) {
      if (answer != null) {
        answer.ended();
      }
      return;
    }
    log.debug(
        "connection {} of actor {} was lost before its 101",
        socket.id(),
        socket.actor(),
        taken.cause());
    if (taken.failed() && HttpGuard.channelOf(request.request()).isActive()) {
      failed(taken.cause());
    } else {
      socket.neverOpened();
    }
  }

  /**
   * Hands the channel to the socket and opens the socket, before more is read. Returns false if the
   * TCP connection is gone.
   */
  private boolean isTakenOver(NetSocket connection) {
    ChannelHandlerContext vertx = ((NetSocketInternal) connection).channelHandlerContext();
    if (!vertx.channel().isActive()) {
      return false;
    }
    ChannelPipeline pipeline = vertx.pipeline();
    pipeline.addBefore(vertx.name(), null, socket.frames);
    pipeline.addBefore(vertx.name(), null, socket);
    if (((ConnectionBase) connection).metrics() == null) {
      pipeline.remove(vertx.name());
    }
    HttpGuard guard = pipeline.get(HttpGuard.class);
    if (guard == null) {
      socket.takes(null);
      socket.opened();
      return true;
    }
    if (socket.takes(guard.place())) {
      guard.placeTaken();
    }
    if (socket.state() == SocketState.UPGRADING) {
      guard.watch().accepted(socket.actor());
    } else {
      guard
          .watch()
          .failed(new IllegalStateException("the gateway closed the connection before its 101"));
    }
    socket.opened();
    guard.passOn(pipeline);
    return true;
  }

  /** Ends the connection after an error that leaves the upgrade without an answer. */
  private void failed(Throwable cause) {
    LogLabels.with(
        socket.actor(),
        socket.id(),
        () ->
            log.error(
                "connection {} of actor {} could not be taken over; it is closed",
                socket.id(),
                socket.actor(),
                cause));
    HttpWatch watch = HttpGuard.watchOf(request.request());
    if (watch != null) {
      watch.failed(cause);
    }
    socket.neverOpened();
    request.request().connection().close();
  }
}
