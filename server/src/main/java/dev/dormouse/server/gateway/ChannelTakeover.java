package dev.dormouse.server.gateway;

import dev.dormouse.server.gateway.edge.Edge;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;
import org.jspecify.annotations.Nullable;

/**
 * Reaches behind Vert.x for the Netty channel: the one place that knows how.
 *
 * <p>After {@code toNetSocket} the pipeline is {@code [ssl, TlsFailures] handler}; the last is
 * Vert.x's own and refers to the upgrade request, its headers and its connection. A socket puts
 * {@code frame decoder, ClientSocket} before it and, unless Vert.x keeps metrics there, removes it:
 * an open socket then keeps nothing of its request alive. The HTTP server still knows the channel,
 * by its own group, and closes it when it closes.
 */
final class ChannelTakeover {
  private static final String HTTP_DECODER = "httpDecoder";
  private static final String VERTX = "handler";

  private ChannelTakeover() {}

  /** The event loop of the request's connection. */
  static EventLoop loopOf(HttpServerRequest request) {
    return channelOf(request).eventLoop();
  }

  /** The request's connection. */
  static Channel channelOf(HttpServerRequest request) {
    return ((ConnectionBase) request.connection()).channel();
  }

  /** What guards the request's connection while it is HTTP's; null if nothing does. */
  static @Nullable HttpGuard guardOf(HttpServerRequest request) {
    return channelOf(request).pipeline().get(HttpGuard.class);
  }

  /** Where what the request holds is counted; null if that is not known. */
  static ClientMemory.@Nullable Address addressOf(HttpServerRequest request) {
    HttpGuard guard = guardOf(request);
    return guard == null ? null : guard.address();
  }

  /**
   * The pipeline of a connection, and the name in it of the HTTP/1 decoder; null if it is another.
   */
  static @Nullable ChannelPipeline http1Pipeline(HttpConnection connection) {
    if (connection instanceof ConnectionBase base
        && base.channel().pipeline().get(HTTP_DECODER) != null) {
      return base.channel().pipeline();
    }
    return null;
  }

  /**
   * Puts the edge's handlers before all others, one before the HTTP/1 decoder, and one before
   * Vert.x's.
   */
  static void guard(ChannelPipeline pipeline, Edge edge, HttpGuard early) {
    edge.standBefore(pipeline, VERTX);
    pipeline.addBefore(HTTP_DECODER, null, early);
    pipeline.addBefore(VERTX, null, early.watch());
  }

  /**
   * Makes the channel the socket's, and opens it. On its event loop, before anything more is read.
   *
   * @return false if the TCP connection is gone
   */
  static boolean takeOver(NetSocket connection, ClientSocket socket) {
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
    HttpGuard early = pipeline.get(HttpGuard.class);
    if (early == null) {
      socket.takes(null);
    } else {
      early.becomes(socket);
    }
    UpgradeWatch upgrade = early == null ? null : early.upgrade();
    if (upgrade != null && socket.state() == SocketState.UPGRADING) {
      upgrade.accepted(socket.actor());
    } else if (upgrade != null) {
      upgrade.failed(new IllegalStateException("the gateway has ended it before its 101"));
    }
    socket.opened();
    if (early != null) {
      early.passOn(pipeline);
    }
    return true;
  }
}
