package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.observe.LogLabels;
import io.netty.channel.EventLoop;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.NetSocket;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * An upgrade that waits for its actor. Holds the request; so it is dropped when the socket is open.
 *
 * <p>Whoever takes it out of {@link PendingUpgrades} decides it, once.
 */
final class PendingUpgrade {
  private static final Logger log = Log.of(PendingUpgrade.class);

  private final GatewayParts parts;
  private final Vertx vertx;
  private final RoutingContext request;
  private final Context context;
  private final EventLoop loop;
  private final ActorRoute route;
  private final ActorId actor;
  private final ConnectionId id;
  private final Handshake.Valid handshake;
  private final Admission.Place seat;

  /** Written before the upgrade can be found by others. */
  private long timer;

  /** On the request's context. */
  PendingUpgrade(
      GatewayParts parts,
      Vertx vertx,
      RoutingContext request,
      ActorRoute route,
      ActorId actor,
      ConnectionId id,
      Handshake.Valid handshake,
      Admission.Place seat) {
    this.parts = parts;
    this.vertx = vertx;
    this.request = request;
    this.context = vertx.getOrCreateContext();
    this.loop = ChannelTakeover.loopOf(request.request());
    this.route = route;
    this.actor = actor;
    this.id = id;
    this.handshake = handshake;
    this.seat = seat;
  }

  /** Has this run after a while, unless it is decided before. On the request's context. */
  void await(Duration wait, Runnable overdue) {
    timer = vertx.setTimer(Math.max(1, wait.toMillis()), elapsed -> overdue.run());
  }

  /** The socket that it becomes, in its seat; not open yet. Any thread. */
  ClientSocket socket(List<String> tags) {
    return new ClientSocket(
        parts, route.options(), actor, id, loop, handshake.deflate(), tags, seat);
  }

  /** The client is gone. Any thread. */
  void forget() {
    seat.free();
    vertx.cancelTimer(timer);
  }

  /** Answers in place of 101; the HTTP connection lives on. Any thread. */
  void refuse(Refusal why, HttpResponse response) {
    UpgradeWatch.refused(parts, request.request(), why);
    seat.free();
    vertx.cancelTimer(timer);
    context.runOnContext(run -> HttpAnswers.send(request, response));
  }

  /**
   * Answers 101 and hands the TCP connection to the socket, soon: handlers of the router may have
   * their say about the headers, on the request's context. Any thread.
   */
  void accept(ClientSocket socket, List<Header> headers) {
    vertx.cancelTimer(timer);
    context.runOnContext(run -> switchProtocols(socket, headers));
  }

  private void switchProtocols(ClientSocket socket, List<Header> headers) {
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
          actor,
          id,
          () ->
              log.error(
                  "the headers for the 101 of connection {} of actor {} cannot be sent",
                  id,
                  actor,
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
    HttpGuard guard = ChannelTakeover.guardOf(request.request());
    if (guard != null) {
      guard.awaitSocket();
    }
    try {
      request.request().toNetSocket().onComplete(taken -> takeOver(taken, socket, answer));
    } catch (RuntimeException e) {
      failed(socket, e);
    }
  }

  private void takeOver(
      AsyncResult<NetSocket> taken, ClientSocket socket, UpgradeRequest.@Nullable Answer answer) {
    if (taken.succeeded() && ChannelTakeover.takeOver(taken.result(), socket)) {
      if (answer != null) {
        answer.ended();
      }
      return;
    }
    log.debug("connection {} of actor {} was lost before its 101", id, actor, taken.cause());
    if (taken.failed() && ChannelTakeover.channelOf(request.request()).isActive()) {
      failed(socket, taken.cause());
    } else {
      socket.neverOpened();
    }
  }

  /** By an error before the 101: then nobody answers any more. */
  private void failed(ClientSocket socket, Throwable cause) {
    LogLabels.with(
        actor,
        id,
        () -> log.error("connection {} of actor {} could not be taken over", id, actor, cause));
    UpgradeWatch watch = UpgradeWatch.of(parts, request.request());
    if (watch != null) {
      watch.failed(cause);
    }
    socket.neverOpened();
    request.request().connection().close();
  }
}
