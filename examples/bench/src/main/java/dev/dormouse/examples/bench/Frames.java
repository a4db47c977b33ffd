package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** Makes a client's frames (RFC 6455, section 5.2): text, final, masked. */
final class Frames {
  static final Charset ASCII = StandardCharsets.US_ASCII;

  private static final byte[] MASK = {0x11, 0x22, 0x33, 0x44};
  private static final int FINAL_TEXT = 0x81;
  private static final int MASKED = 0x80;
  private static final int LENGTH_7_MAX = 125;
  private static final int LENGTH_16_MAX = 0xFFFF;
  private static final int LENGTH_IN_16 = 126;

  private Frames() {}

  /**
   * Returns a text of this many bytes that begins with a letter; it may be sent any number of
   * times.
   */
  static ByteBuf text(char first, int length) {
    byte[] text = (first + "x".repeat(length - 1)).getBytes(ASCII);
    if (text.length > LENGTH_16_MAX) {
      throw new IllegalArgumentException(length + " bytes are more than " + LENGTH_16_MAX);
    }
    ByteBuf frame = Unpooled.directBuffer(text.length + 8);
    frame.writeByte(FINAL_TEXT);
    if (text.length <= LENGTH_7_MAX) {
      frame.writeByte(MASKED | text.length);
    } else {
      frame.writeByte(MASKED | LENGTH_IN_16).writeShort(text.length);
    }
    frame.writeBytes(MASK);
    for (int i = 0; i < text.length; i++) {
      frame.writeByte(text[i] ^ MASK[i & 3]);
    }
    return Unpooled.unreleasableBuffer(frame);
  }
}
