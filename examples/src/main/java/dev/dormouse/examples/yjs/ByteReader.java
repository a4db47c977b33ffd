package dev.dormouse.examples.yjs;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads bytes in the encoding of lib0. Each method throws a {@link MalformedException}. */
final class ByteReader {
  /** The greatest number that JavaScript counts exactly, which is the greatest of the format. */
  static final long NUMBER_MAX = (1L << 53) - 1;

  /** How deep arrays and objects may be nested. */
  private static final int DEPTH_MAX = 500;

  private final byte[] bytes;
  private int at;

  ByteReader(byte[] bytes) {
    this.bytes = bytes;
  }

  ByteReader(byte[] bytes, int at) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Returns how many bytes were read. */
  int at() {
    return at;
  }

  boolean hasMore() {
    return at < bytes.length;
  }

  byte[] bytes() {
    return bytes;
  }

  int readByte() {
    if (at >= bytes.length) {
      throw new MalformedException("the message ends too early");
    }
    return bytes[at++] & 0xff;
  }

  long readNumber() {
    long number = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      int next = readByte();
      number |= (long) (next & 0x7f) << shift;
      if (number > NUMBER_MAX) {
        break;
      }
      if (next < 0x80) {
        return number;
      }
    }
    throw new MalformedException("a number is greater than " + NUMBER_MAX);
  }

  /** Passes over a number of bytes. */
  void skip(long length) {
    if (length > bytes.length - at) {
      throw new MalformedException("the message ends too early");
    }
    at += (int) length;
  }

  byte[] readBytes() {
    long length = readNumber();
    int from = at;
    skip(length);
    return Arrays.copyOfRange(bytes, from, at);
  }

  /** Reads a text, which must be UTF-8: clients of JavaScript throw at other bytes. */
  String readText() {
    long length = readNumber();
    int from = at;
    skip(length);
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, (int) length))
          .toString();
    } catch (CharacterCodingException e) {
      throw new MalformedException("a text is not UTF-8");
    }
  }

  /** Passes over a value of any kind. */
  void skipAny() {
    skipAny(0);
  }

  private void skipAny(int depth) {
    if (depth > DEPTH_MAX) {
      throw new MalformedException("a value is nested more than " + DEPTH_MAX + " deep");
    }
    int kind = readByte();
    switch (kind) {
      case 127, 126, 121, 120 -> {}
      case 125 -> skipSigned();
      case 124 -> skip(4);
      case 123, 122 -> skip(8);
      case 119 -> readText();
      case 118 -> {
        for (long left = readNumber(); left > 0; left--) {
          readText();
          skipAny(depth + 1);
        }
      }
      case 117 -> {
        for (long left = readNumber(); left > 0; left--) {
          skipAny(depth + 1);
        }
      }
      case 116 -> skip(readNumber());
      default -> throw new MalformedException("a value is of the unknown kind " + kind);
    }
  }

  private void skipSigned() {
    for (int length = 1; readByte() >= 0x80; length++) {
      if (length == 8) {
        throw new MalformedException("a number is greater than " + NUMBER_MAX);
      }
    }
  }
}
