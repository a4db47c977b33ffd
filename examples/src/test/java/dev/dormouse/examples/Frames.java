package dev.dormouse.examples;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Makes frames of a client (RFC 6455, section 5.2), good ones and bad ones; they are masked with
 * zero, which is allowed.
 */
final class Frames {
  static final int CONTINUATION = 0x0;
  static final int TEXT = 0x1;
  static final int BINARY = 0x2;
  static final int CLOSE = 0x8;
  static final int PING = 0x9;
  static final int PONG = 0xA;

  static final int FINAL = 0x80;

  /** The first reserved bit: compressed (RFC 7692). */
  static final int RSV1 = 0x40;

  private static final int MASKED = 0x80;
  private static final int HEADER_BYTES_MAX = 14;

  private Frames() {}

  static byte[] text(String text) {
    return of(FINAL | TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] close(int code) {
    return of(FINAL | CLOSE, ByteBuffer.allocate(2).putShort((short) code).array());
  }

  /** Returns a frame with this first byte. */
  static byte[] of(int first, byte[] payload) {
    return of(first, payload.length, payload);
  }

  /** Returns a frame that declares this length, whatever length it has. */
  static byte[] of(int first, long declared, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES_MAX + payload.length);
    frame.put((byte) first);
    if (declared < 126) {
      frame.put((byte) (MASKED | declared));
    } else if (declared < 1 << 16) {
      frame.put((byte) (MASKED | 126)).putShort((short) declared);
    } else {
      frame.put((byte) (MASKED | 127)).putLong(declared);
    }
    frame.putInt(0).put(payload).flip();
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    return bytes;
  }

  /** Returns the frame this number of times in a row. */
  static byte[] repeat(byte[] frame, int times) {
    byte[] all = new byte[frame.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(frame, 0, all, i * frame.length, frame.length);
    }
    return all;
  }
}
