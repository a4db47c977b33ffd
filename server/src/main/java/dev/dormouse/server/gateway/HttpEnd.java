package dev.dormouse.server.gateway;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;

/**
 * Ends HTTP connections without the HTTP server: by an answer of the gateway's own, or by none. On
 * the connection's event loop, by the context of a handler before HTTP's encoder.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class HttpEnd {
  private static final String ANSWER =
      "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n%s\r\n";

  private static final String TIMEOUT = ANSWER.formatted("408 Request Timeout", "");
  private static final String FULL =
      ANSWER.formatted("503 Service Unavailable", "Retry-After: 1\r\n");

  private static final String ADDRESS_FULL =
      ANSWER.formatted("429 Too Many Requests", "Retry-After: 1\r\n");

  private HttpEnd() {}

  /** A request did not come in time (RFC 9110, section 15.5.9). */
  static void timeout(ChannelHandlerContext context) {
    answer(context, TIMEOUT);
  }

  /** There are too many connections, of all or of its address. */
  static void tooMany(ChannelHandlerContext context, Refusal why) {
    answer(context, why == Refusal.ADDRESS_FULL ? ADDRESS_FULL : FULL);
  }

  private static void answer(ChannelHandlerContext context, String answer) {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls != null && !tls.handshakeFuture().isSuccess()) {
      silently(context); // an answer would wait for the handshake
      return;
    }
    context
        .writeAndFlush(ByteBufUtil.writeAscii(context.alloc(), answer))
        .addListener(ChannelFutureListener.CLOSE);
  }

  /** No answer is due, or nobody would read it. What waits for the client is dropped. */
  static void silently(ChannelHandlerContext context) {
    context.close();
  }
}
