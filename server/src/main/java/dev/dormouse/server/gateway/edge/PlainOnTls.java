package dev.dormouse.server.gateway.edge;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Tells a client that speaks HTTP where TLS is spoken; leaves with the first byte. */
final class PlainOnTls extends ChannelInboundHandlerAdapter {
  private final EdgeCounters counters;

  PlainOnTls(EdgeCounters counters) {
    this.counters = counters;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf bytes && bytes.isReadable() && isLetter(bytes)) {
      bytes.release();
      counters.tlsFailed.increment();
      BadOpening.answer(context, "this port speaks TLS: https and wss");
      return;
    }
    context.pipeline().remove(this);
    context.fireChannelRead(message);
  }

  /** A record of TLS begins with a control character. */
  private static boolean isLetter(ByteBuf bytes) {
    byte first = bytes.getByte(bytes.readerIndex());
    return first >= 'A' && first <= 'z';
  }
}
