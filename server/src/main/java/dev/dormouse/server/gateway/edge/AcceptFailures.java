package dev.dormouse.server.gateway.edge;

import dev.dormouse.log.Log;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Tells the log, in a line, why a listener cannot accept connections, such as a want of file
 * handles: Netty has it rest for a second each time, and would tell with a stack trace.
 */
final class AcceptFailures extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<Boolean> IS_THERE =
      AttributeKey.valueOf(AcceptFailures.class, "isThere");

  private static final Logger log = Log.of(AcceptFailures.class);

  private AcceptFailures() {}

  /** Listens to the failures of a listener, unless something does already. */
  static void listenTo(@Nullable Channel listener) {
    if (listener != null && listener.attr(IS_THERE).setIfAbsent(true) == null) {
      listener.pipeline().addLast(new AcceptFailures());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.warn(
        "no connections are accepted on {} for a second: {}",
        context.channel().localAddress(),
        cause.getMessage());
  }
}
