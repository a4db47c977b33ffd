package dev.dormouse.server.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.List;

/**
 * Netty's frame decoder (RFC 6455, section 5.2), strict; breaches are for the socket to answer. It
 * also tells whether the client is within a frame, and which. The socket's event loop only.
 */
final class FrameDecoder extends WebSocket13FrameDecoder {
  private boolean isWithin;
  private long frames;

  /**
   * Makes it.
   *
   * @param hasExtensions whether reserved bits are let through
   */
  FrameDecoder(int frameBytesMax, boolean hasExtensions) {
    super(
        WebSocketDecoderConfig.newBuilder()
            .expectMaskedFrames(true)
            .allowMaskMismatch(false)
            .allowExtensions(hasExtensions)
            .maxFramePayloadLength(frameBytesMax)
            .closeOnProtocolViolation(false)
            .withUTF8Validator(false)
            .build());
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws Exception {
    int before = out.size();
    super.decode(context, in, out);
    isWithin = out.size() == before;
    frames += isWithin ? 0 : 1;
  }

  /** Whether some of a frame came, but not all. */
  boolean isWithin() {
    return isWithin;
  }

  /** How many frames came whole. */
  long frames() {
    return frames;
  }
}
