package dev.dormouse.server.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A whole message. The bytes are shared, never changed after the record is made. */
public sealed interface Payload {

  /** The bytes. Not to be changed. */
  byte[] bytes();

  /** How many bytes it has. */
  default int size() {
    return bytes().length;
  }

  /** Text. */
  static Payload text(String text) {
    return new Text(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy of what is between position and limit; the position is not moved. */
  static Payload binary(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return new Binary(copy);
  }

  /**
   * A text message.
   *
   * @param bytes valid UTF-8
   */
  record Text(byte[] bytes) implements Payload {

    /** The text. */
    public String string() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Text that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Text[" + string() + "]";
    }
  }

  /**
   * A binary message.
   *
   * @param bytes any
   */
  record Binary(byte[] bytes) implements Payload {

    @Override
    public boolean equals(Object other) {
      return other instanceof Binary that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Binary[" + bytes.length + " bytes]";
    }
  }
}
