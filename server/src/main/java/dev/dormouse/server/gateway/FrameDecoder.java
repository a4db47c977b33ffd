package dev.dormouse.server.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Netty's frame decoder (RFC 6455, section 5.2), strict; breaches are for the socket to answer. It
 * also tells whether the client is within a frame, and which.
 *
 * <p>While no frames are wanted, those of the read that brought the last one are kept as they are:
 * compressed, a read may hold a thousand times its size. The socket's event loop only.
 */
final class FrameDecoder extends WebSocket13FrameDecoder {
  private final BooleanSupplier isWanted;

  /** Null before it is in the pipeline. */
  private @Nullable ChannelHandlerContext context;

  private boolean isWithin;
  private boolean isLast;
  private long frames;

  /**
   * Makes it.
   *
   * @param hasExtensions whether reserved bits are let through
   * @param isWanted whether there may be one more frame
   */
  FrameDecoder(int frameBytesMax, boolean hasExtensions, BooleanSupplier isWanted) {
    super(
        WebSocketDecoderConfig.newBuilder()
            .expectMaskedFrames(true)
            .allowMaskMismatch(false)
            .allowExtensions(hasExtensions)
            .maxFramePayloadLength(frameBytesMax)
            .closeOnProtocolViolation(false)
            .withUTF8Validator(false)
            .build());
    this.isWanted = isWanted;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws Exception {
    if (!isLast && !isWanted.getAsBoolean()) {
      return;
    }
    int before = out.size();
    super.decode(context, in, out);
    isWithin = out.size() == before;
    frames += isWithin ? 0 : 1;
  }

  /** Frames may be wanted again: then those that were kept come. Not from within one that comes. */
  void resume() {
    ChannelHandlerContext context = this.context;
    if (context == null || context.isRemoved() || !isWanted.getAsBoolean() || keptBytes() == 0) {
      return;
    }
    try {
      try {
        channelRead(context, Unpooled.EMPTY_BUFFER);
      } finally {
        channelReadComplete(context);
      }
    } catch (Exception breach) {
      context.fireExceptionCaught(breach);
    }
  }

  /** The client sends no more: what was kept comes, wanted or not. */
  @Override
  protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    isLast = true;
    callDecode(context, in, out);
  }

  /** Whether some of a frame came, but not all. */
  boolean isWithin() {
    return isWithin;
  }

  /** How many bytes came that are no whole frame, or no frame that was wanted. */
  int keptBytes() {
    return actualReadableBytes();
  }

  /** How much memory those bytes keep, in bytes. */
  int heldBytes() {
    return keptBytes() == 0 ? 0 : internalBuffer().capacity();
  }

  /** How many frames came whole. */
  long frames() {
    return frames;
  }
}
