package dev.dormouse.server.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.function.BiConsumer;

/**
 * Writes the plain values that records are made of, one after the other, into bytes that grow as
 * needed. {@link WireReader} has the methods that read them.
 */
final class WireWriter {
  private static final int LEAST_BYTES = 128;

  private final String what;

  /** The bytes that were written, followed by free room. */
  private byte[] bytes;

  /** A buffer over these bytes, whose position is the place of the next byte. */
  private ByteBuffer out;

  /**
   * Creates a writer.
   *
   * @param what the record that is written, for the message of an exception
   * @param expectedBytes how many bytes will be written, roughly
   */
  WireWriter(String what, long expectedBytes) {
    this.what = what;
    long capacity = Math.min(expectedBytes, RecordCodec.BYTES_MAX);
    this.bytes = new byte[(int) Math.max(capacity, LEAST_BYTES)];
    this.out = ByteBuffer.wrap(bytes);
  }

  /** Returns what was written. */
  ByteBuffer written() {
    return out.flip().slice();
  }

  /** Begins a record; {@link #end} ends it. */
  int begin(Kind kind) {
    int1(kind.code());
    return begin();
  }

  /**
   * Begins a part whose length goes before it.
   *
   * @return what {@link #end} is to be given
   */
  int begin() {
    int4(0);
    return out.position();
  }

  /** Ends the part, and puts its length before it. */
  void end(int begin) {
    out.putInt(begin - Integer.BYTES, out.position() - begin);
  }

  void int1(int value) {
    room(Byte.BYTES).put((byte) value);
  }

  void int2(int value) {
    room(Short.BYTES).putShort((short) value);
  }

  void int4(int value) {
    room(Integer.BYTES).putInt(value);
  }

  void int8(long value) {
    room(Long.BYTES).putLong(value);
  }

  void bool(boolean value) {
    int1(value ? 1 : 0);
  }

  void bytes(byte[] value) {
    int4(value.length);
    room(value.length).put(value);
  }

  void bytes(ByteBuffer value) {
    int4(value.remaining());
    room(value.remaining()).put(value);
  }

  /** Writes a text; half of a surrogate pair becomes a question mark. */
  void text(String value) {
    bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  void texts(Collection<String> values) {
    list(values, WireWriter::text);
  }

  void longs(long[] values) {
    int4(values.length);
    room((long) values.length * Long.BYTES).asLongBuffer().put(values);
    out.position(out.position() + values.length * Long.BYTES);
  }

  <T> void list(Collection<T> values, BiConsumer<WireWriter, T> element) {
    int4(values.size());
    values.forEach(value -> element.accept(this, value));
  }

  /** Returns the exception for a value that has no wire form. */
  WireException fault(String problem) {
    return new WireException(what + " cannot be sent to another node: " + problem);
  }

  private ByteBuffer room(long more) {
    if (out.remaining() < more) {
      long needed = out.position() + more;
      if (needed > RecordCodec.BYTES_MAX) {
        throw fault("it takes more than " + RecordCodec.BYTES_MAX + " bytes");
      }
      int capacity = (int) Math.min(Math.max(needed, 2L * out.capacity()), RecordCodec.BYTES_MAX);
      bytes = Arrays.copyOf(bytes, capacity);
      out = ByteBuffer.wrap(bytes).position(out.position());
    }
    return out;
  }
}
