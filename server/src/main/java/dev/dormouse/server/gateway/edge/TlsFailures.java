package dev.dormouse.server.gateway.edge;

import dev.dormouse.log.Log;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;

/**
 * Keeps the failures of Netty's TLS handler from the HTTP server, which would log each of them as
 * an error. A failed handshake is counted, and reported unless the client itself has gone; a later
 * failure is passed on as a failure of the network. The end of a client's input that TLS tells is
 * passed on as the end that TCP tells, because a client may end its input by TLS alone. The handler
 * stands behind Netty's TLS handler.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class TlsFailures extends ChannelInboundHandlerAdapter {
  private static final Logger log = Log.of(TlsFailures.class);

  private final EdgeCounters counters;
  private boolean isShaken;

  TlsFailures(EdgeCounters counters) {
    this.counters = counters;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      isShaken = handshake.isSuccess();
      if (!isShaken) {
        counters.tlsFailed(handshake.cause() instanceof SSLException ? "close" : null);
        log.debug(
            "the TLS handshake with {} failed",
            context.channel().remoteAddress(),
            handshake.cause());
      }
    } else if (event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
      context.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    } else if (!(event instanceof SslCompletionEvent)) {
      context.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!isShaken) {
      context.close();
    } else if (cause instanceof DecoderException && cause.getCause() instanceof SSLException tls) {
      context.fireExceptionCaught(tls);
    } else {
      context.fireExceptionCaught(cause);
    }
  }
}
