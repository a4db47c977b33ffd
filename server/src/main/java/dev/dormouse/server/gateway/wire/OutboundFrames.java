package dev.dormouse.server.gateway.wire;

import dev.dormouse.server.protocol.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;

/**
 * Builds the server's frames (RFC 6455, section 5.2). Each frame is final and unmasked, and has its
 * header and its payload in one direct buffer. So one buffer can be sent to any number of sockets,
 * each with a duplicate of its own, and one write to the network carries the whole frame.
 */
public final class OutboundFrames {
  private static final int FINAL = 0x80;
  private static final int COMPRESSED = 0x40;
  private static final int TEXT = 0x1;
  private static final int BINARY = 0x2;
  private static final int CLOSE = 0x8;
  private static final int PING = 0x9;
  private static final int PONG = 0xA;

  private static final int LENGTH_7_MAX = 125;
  private static final int LENGTH_16_MAX = 0xFFFF;
  private static final int LENGTH_IN_16 = 126;
  private static final int LENGTH_IN_64 = 127;
  private static final int HEADER_BYTES_MAX = 10;

  private OutboundFrames() {}

  /** Builds the frame of a message. */
  public static ByteBuf message(ByteBufAllocator allocator, Payload payload) {
    return frame(allocator, opcode(payload), payload.bytes());
  }

  /** Builds the frame of a message whose bytes were compressed (RFC 7692, section 7.2.1). */
  public static ByteBuf compressed(ByteBufAllocator allocator, Payload payload, byte[] compressed) {
    return frame(allocator, COMPRESSED | opcode(payload), compressed);
  }

  /** Returns how many bytes the frame of a message has if the message is not compressed. */
  public static long bytes(Payload payload) {
    int size = payload.size();
    int lengthBytes = size <= LENGTH_7_MAX ? 0 : size <= LENGTH_16_MAX ? 2 : 8;
    return 2L + lengthBytes + size;
  }

  /** Returns how many bytes of a frame are its payload. */
  public static int payloadBytes(ByteBuf frame) {
    int length = frame.getByte(frame.readerIndex() + 1);
    int lengthBytes = length == LENGTH_IN_16 ? 2 : length == LENGTH_IN_64 ? 8 : 0;
    return frame.readableBytes() - 2 - lengthBytes;
  }

  private static int opcode(Payload payload) {
    return payload instanceof Payload.Text ? TEXT : BINARY;
  }

  /** Builds a ping without payload. */
  public static ByteBuf ping(ByteBufAllocator allocator) {
    return frame(allocator, PING, new byte[0]);
  }

  /** Builds a pong. */
  public static ByteBuf pong(ByteBufAllocator allocator, byte[] payload) {
    return frame(allocator, PONG, payload);
  }

  /**
   * Builds a close frame. It has no payload if the code is 1005, which means that there is none.
   */
  public static ByteBuf close(ByteBufAllocator allocator, int code, String reason) {
    if (code == CloseCodes.NO_CODE) {
      return frame(allocator, CLOSE, new byte[0]);
    }
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    byte[] payload = new byte[2 + text.length];
    payload[0] = (byte) (code >>> 8);
    payload[1] = (byte) code;
    System.arraycopy(text, 0, payload, 2, text.length);
    return frame(allocator, CLOSE, payload);
  }

  private static ByteBuf frame(ByteBufAllocator allocator, int opcode, byte[] payload) {
    ByteBuf frame = allocator.directBuffer(HEADER_BYTES_MAX + payload.length);
    frame.writeByte(FINAL | opcode);
    if (payload.length <= LENGTH_7_MAX) {
      frame.writeByte(payload.length);
    } else if (payload.length <= LENGTH_16_MAX) {
      frame.writeByte(LENGTH_IN_16).writeShort(payload.length);
    } else {
      frame.writeByte(LENGTH_IN_64).writeLong(payload.length);
    }
    return frame.writeBytes(payload);
  }
}
