package dev.dormouse.examples.yjs;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes bytes in the encoding of lib0. */
final class ByteWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  ByteWriter write(int value) {
    out.write(value);
    return this;
  }

  ByteWriter number(long number) {
    long rest = number;
    while (rest > 0x7f) {
      out.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  /** Writes a length and bytes. */
  ByteWriter block(byte[] bytes) {
    return number(bytes.length).raw(bytes, 0, bytes.length);
  }

  /** Writes a length and a text. */
  ByteWriter text(String text) {
    return block(text.getBytes(StandardCharsets.UTF_8));
  }

  ByteWriter raw(byte[] bytes, int from, int to) {
    out.write(bytes, from, to - from);
    return this;
  }

  ByteWriter raw(ByteWriter other) {
    out.writeBytes(other.bytes());
    return this;
  }

  int length() {
    return out.size();
  }

  byte[] bytes() {
    return out.toByteArray();
  }
}
