package dev.dormouse.server.gateway.edge;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Answers 400 to a connection that begins wrongly, and ends the connection. The answer is plain
 * text even if the port speaks TLS. Further input of the client is read and discarded for a second,
 * so that the client reads the answer. Only the connection's event loop uses it.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class BadOpening extends ChannelInboundHandlerAdapter {
  private static final long DRAIN_MS = 1_000;

  private static final String ANSWER =
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
          + "Content-Length: %s\r\n\r\n%s";

  private BadOpening() {}

  /**
   * Answers 400 and ends the connection.
   *
   * @param context the context of a handler that has only the network before it
   * @param why the body of the answer, in ASCII
   */
  static void answer(ChannelHandlerContext context, String why) {
    context.pipeline().addFirst(new BadOpening());
    context
        .writeAndFlush(ByteBufUtil.writeAscii(context.alloc(), ANSWER.formatted(why.length(), why)))
        .addListener(written -> end(context));
  }

  private static void end(ChannelHandlerContext context) {
    if (context.channel() instanceof DuplexChannel channel && channel.isActive()) {
      channel.shutdownOutput();
    }
    context.executor().schedule(() -> context.close(), DRAIN_MS, TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ReferenceCountUtil.release(message);
  }
}
