package dev.dormouse.server.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the client's frames (RFC 6455, section 5.2) with Netty's decoder in its strict settings.
 * A breach of the protocol goes to the socket as an exception. The decoder also tells whether half
 * a frame has come, and counts whole frames.
 *
 * <p>While the socket wants no frames, the decoder keeps the bytes of the last read undecoded,
 * because inflated they might take a thousand times as much memory.
 *
 * <p>Only the socket's event loop may call it.
 */
public final class FrameDecoder extends WebSocket13FrameDecoder {
  private final BooleanSupplier isWanted;

  /** The decoder's place in the pipeline; null before it is there. */
  private @Nullable ChannelHandlerContext context;

  /** True while half a frame has come. */
  private boolean isWithin;

  /** True once the client sends no more, and all kept bytes are decoded. */
  private boolean isLast;

  /** The number of whole frames. */
  private long frames;

  /**
   * Creates the decoder of one socket.
   *
   * @param hasExtensions whether the decoder lets frames with reserved bits through
   * @param isWanted returns whether the socket wants one more frame
   */
  public FrameDecoder(int frameBytesMax, boolean hasExtensions, BooleanSupplier isWanted) {
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

  /**
   * Decodes the kept bytes, if the socket wants frames again. It must not be called while a frame
   * is handled.
   */
  public void resume() {
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

  /**
   * Decodes the kept bytes even if the socket wants no frames, because the client sends no more.
   */
  @Override
  protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    isLast = true;
    callDecode(context, in, out);
  }

  /** Returns whether half a frame has come. */
  public boolean isWithin() {
    return isWithin;
  }

  /** Returns how many received bytes are not decoded yet. */
  public int keptBytes() {
    return actualReadableBytes();
  }

  /** Returns how many bytes of memory the undecoded bytes keep. */
  public int heldBytes() {
    return keptBytes() == 0 ? 0 : internalBuffer().capacity();
  }

  /** Returns how many whole frames have come. */
  public long frames() {
    return frames;
  }
}
