package dev.dormouse.server.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the plain values that {@link WireWriter} writes. Each method takes the name of what it
 * reads, for the message of the exception.
 *
 * <p>No method allocates by a length that the rest of the bytes does not have: a length is checked
 * first, and a list grows with the elements that were read.
 */
final class WireReader {
  private static final int CHECKED_CHARS = 256;
  private static final int FIRST_ELEMENTS = 16;

  private final ByteBuffer in;
  private final int size;

  /** The record that is read; null before the first one. */
  private @Nullable Kind record;

  /**
   * Creates a reader of the bytes between the position and the limit, neither of which it moves.
   */
  WireReader(ByteBuffer bytes) {
    in = bytes.slice(); // big-endian, whatever the order of the given one
    size = in.remaining();
  }

  /** Reads a version, and checks that it is the one that this node reads. */
  void version(int known) {
    int version = int1("version");
    if (version != known) {
      throw fault(
          "version", "it is " + version + ", but this node reads version " + known + " only");
    }
  }

  /** Reads the kind of a record, which then begins as {@link WireWriter#begin} says. */
  Kind kind() {
    int code = int1("kind of a record");
    Kind kind = Kind.of(code);
    if (kind == null) {
      throw fault("kind of a record", "no record of the number " + code + " is known to this node");
    }
    record = kind;
    return kind;
  }

  /** Returns the exception for a record that must not stand where it does. */
  WireException misplaced(Kind kind) {
    return fault("kind of a record", "a record " + kind + " does not belong here");
  }

  /**
   * Begins a part that goes after its length: nothing beyond the part can be read until its end.
   *
   * @return what {@link #end(int)} is to be given
   */
  int begin(String field) {
    int length = length(field);
    int outer = in.limit();
    in.limit(in.position() + length);
    return outer;
  }

  /** Ends a part, and passes over the fields in it that this node does not know. */
  void end(int outer) {
    in.position(in.limit()).limit(outer);
  }

  /** Checks that all bytes are read. */
  void end() {
    if (in.hasRemaining()) {
      throw fault("end", in.remaining() + " bytes follow the record");
    }
  }

  /** Returns the bytes that are not read yet, which are those of the given buffer. */
  ByteBuffer rest() {
    return in.slice();
  }

  int int1(String field) {
    need(field, Byte.BYTES);
    return in.get() & 0xff;
  }

  int int2(String field) {
    need(field, Short.BYTES);
    return in.getShort();
  }

  int int4(String field) {
    need(field, Integer.BYTES);
    return in.getInt();
  }

  long int8(String field) {
    need(field, Long.BYTES);
    return in.getLong();
  }

  boolean bool(String field) {
    int value = int1(field);
    if (value > 1) {
      throw fault(field, value + " is neither 0 nor 1");
    }
    return value == 1;
  }

  byte[] bytes(String field) {
    byte[] bytes = new byte[length(field)];
    in.get(bytes);
    return bytes;
  }

  /** Reads bytes that must be UTF-8. */
  byte[] utf8(String field) {
    byte[] bytes = bytes(field);
    checkUtf8(field, bytes, 0, bytes.length);
    return bytes;
  }

  String text(String field) {
    int length = length(field);
    if (length == 0) {
      return "";
    }
    byte[] from;
    int at;
    if (in.hasArray()) {
      from = in.array();
      at = in.arrayOffset() + in.position();
    } else {
      from = new byte[length];
      at = 0;
      in.get(in.position(), from);
    }
    in.position(in.position() + length);
    checkUtf8(field, from, at, length);
    return new String(from, at, length, StandardCharsets.UTF_8);
  }

  List<String> texts(String field) {
    return list(field, Integer.BYTES, from -> from.text(field));
  }

  long[] longs(String field) {
    long[] values = new long[count(field, Long.BYTES)];
    in.asLongBuffer().get(values);
    in.position(in.position() + values.length * Long.BYTES);
    return values;
  }

  /**
   * Reads a list.
   *
   * @param leastBytes the fewest bytes that an element takes
   * @param element reads an element
   */
  <T> List<T> list(String field, int leastBytes, Function<WireReader, T> element) {
    int count = count(field, leastBytes);
    List<T> values = new ArrayList<>(Math.min(count, FIRST_ELEMENTS));
    for (int i = 0; i < count; i++) {
      values.add(element.apply(this));
    }
    return Collections.unmodifiableList(values);
  }

  /**
   * Reads the number of elements that follow.
   *
   * @param leastBytes the fewest bytes that an element takes
   */
  int count(String field, int leastBytes) {
    int count = int4(field);
    if (count < 0 || count > in.remaining() / leastBytes) {
      throw fault(
          field,
          Integer.toUnsignedString(count)
              + " elements are announced, of "
              + leastBytes
              + " bytes or more each, but "
              + in.remaining()
              + " bytes are left");
    }
    return count;
  }

  /** Returns the exception for a field that was just read, or cannot be read. */
  WireException fault(String field, String problem) {
    return new WireException(where(field) + ": " + problem);
  }

  /** Returns the exception for values that are read and make no record. */
  WireException invalid(RuntimeException cause) {
    return new WireException(where("values") + ": " + cause.getMessage(), cause);
  }

  private String where(String field) {
    return "bytes of another node cannot be read; "
        + field
        + (record == null ? "" : " of " + record)
        + " before byte "
        + in.position()
        + " of "
        + size;
  }

  private int length(String field) {
    int length = int4(field);
    if (length < 0 || length > in.remaining()) {
      throw fault(
          field,
          "the length is "
              + Integer.toUnsignedString(length)
              + ", but "
              + in.remaining()
              + " bytes are left");
    }
    return length;
  }

  private void need(String field, int bytes) {
    if (in.remaining() < bytes) {
      throw fault(field, bytes + " bytes are needed, but " + in.remaining() + " are left");
    }
  }

  private void checkUtf8(String field, byte[] from, int at, int length) {
    int end = at + length;
    int next = at;
    while (next < end && from[next] >= 0) {
      next++;
    }
    if (next == end) {
      return; // all of it is ASCII
    }
    ByteBuffer rest = ByteBuffer.wrap(from, next, end - next);
    CharBuffer chars = CharBuffer.allocate(Math.min(CHECKED_CHARS, end - next));
    CharsetDecoder decoder =
        StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
    CoderResult result;
    do {
      result = decoder.decode(rest, chars.clear(), true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw fault(field, "byte " + (rest.position() - at) + " of the text is not UTF-8");
    }
  }
}
