package dev.dormouse.server.gateway.edge;

import dev.dormouse.log.Log;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Logs in one line why a listener cannot accept connections, for example because the process has no
 * free file handles. Netty itself would log a stack trace. After each failure Netty lets the
 * listener rest for a second.
 */
final class AcceptFailures extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<Boolean> IS_THERE =
      AttributeKey.valueOf(AcceptFailures.class, "isThere");

  private static final Logger log = Log.of(AcceptFailures.class);

  private AcceptFailures() {}

  /** Begins to log the failures of a listener, unless they are logged already. */
  static void listenTo(@Nullable Channel listener) {
    if (listener != null && listener.attr(IS_THERE).setIfAbsent(true) == null) {
      listener.pipeline().addLast(new AcceptFailures());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.warn(
        "no connections are accepted on {} for a second: {}; if too many files are open, raise"
            + " the limit of the process (ulimit -n)",
        context.channel().localAddress(),
        cause.getMessage());
  }
}
