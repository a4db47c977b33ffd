package dev.dormouse.server.gateway.edge;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Answers 400 to a client that speaks plain HTTP to a port with TLS. It leaves the pipeline after
 * the first byte of any other client.
 */
final class PlainOnTls extends ChannelInboundHandlerAdapter {
  private final EdgeCounters counters;

  PlainOnTls(EdgeCounters counters) {
    this.counters = counters;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf bytes && bytes.isReadable() && isLetter(bytes)) {
      bytes.release();
      counters.tlsFailed("400");
      BadOpening.answer(context, "this port speaks TLS; use https or wss");
      return;
    }
    context.pipeline().remove(this);
    context.fireChannelRead(message);
  }

  /** Returns whether the first byte is a letter. A TLS record begins with a control character. */
  private static boolean isLetter(ByteBuf bytes) {
    byte first = bytes.getByte(bytes.readerIndex());
    return first >= 'A' && first <= 'z';
  }
}
