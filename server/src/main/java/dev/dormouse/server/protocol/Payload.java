package dev.dormouse.server.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A whole message, text or binary. Its bytes are shared, and must not change after the record is
 * made.
 */
public sealed interface Payload {

  /**
   * Computes something for each kind of payload.
   *
   * @param <C> a value that the caller hands to the visitor, so that one visitor serves all calls
   * @param <R> the result
   * @param <X> what the computation may throw
   */
  interface Visitor<C extends @Nullable Object, R extends @Nullable Object, X extends Exception> {
    R text(Text text, C context) throws X;

    R binary(Binary binary, C context) throws X;
  }

  /** Calls the visitor's method for this kind of payload. */
  <C extends @Nullable Object, R extends @Nullable Object, X extends Exception> R accept(
      Visitor<C, R, X> visitor, C context) throws X;

  /** Returns the bytes, which must not be changed. */
  byte[] bytes();

  /** Returns the number of bytes. */
  default int size() {
    return bytes().length;
  }

  /** Makes a text message. */
  static Payload text(String text) {
    return new Text(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Makes a binary message of a copy of the bytes between the buffer's position and its limit. The
   * position is not moved.
   */
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

    @Override
    public <C extends @Nullable Object, R extends @Nullable Object, X extends Exception> R accept(
        Visitor<C, R, X> visitor, C context) throws X {
      return visitor.text(this, context);
    }

    /** Decodes the text. */
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
   * @param bytes any bytes
   */
  record Binary(byte[] bytes) implements Payload {

    @Override
    public <C extends @Nullable Object, R extends @Nullable Object, X extends Exception> R accept(
        Visitor<C, R, X> visitor, C context) throws X {
      return visitor.binary(this, context);
    }

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
