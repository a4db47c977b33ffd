package dev.dormouse.server.cluster.link;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of a connection into frames: {@code length (4) · kind (1) · id (8) · body}, where
 * the length counts what comes after it. One thread at a time.
 */
final class FrameSplitter {
  static final int HEAD_BYTES = Integer.BYTES + 1 + Long.BYTES;

  /** The bytes of a frame that its length counts besides the body. */
  private static final int REST_BYTES = 1 + Long.BYTES;

  /** A frame. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Frame(int kind, long id, byte[] body) {

    /** Returns the number of the frame's bytes on the wire. */
    long bytes() {
      return (long) HEAD_BYTES + body.length;
    }

    /** Appends the frame to a buffer. */
    void appendTo(Buffer out) {
      out.appendInt(REST_BYTES + body.length)
          .appendByte((byte) kind)
          .appendLong(id)
          .appendBytes(body);
    }
  }

  /** Bytes that are no frame. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;

    MalformedException(String message) {
      super(message, null, false, false);
    }
  }

  /** The bytes that came and were not all cut; null if there are none. */
  private @Nullable Buffer bytes;

  private int at;

  /** Takes bytes that came. */
  void add(Buffer more) {
    Buffer before = bytes;
    if (before == null) {
      bytes = more;
      at = 0;
    } else {
      Buffer rest = at == 0 ? before : before.getBuffer(at, before.length());
      at = 0;
      bytes = rest.appendBuffer(more);
    }
  }

  /**
   * Returns the next frame; null if not all its bytes have come.
   *
   * @param bytesMax the most bytes that the frame may have after its length
   */
  @Nullable Frame next(int bytesMax) throws MalformedException {
    Buffer in = bytes;
    if (in == null || in.length() - at < Integer.BYTES) {
      return null;
    }
    int length = in.getInt(at);
    if (length < REST_BYTES || length > bytesMax) {
      throw new MalformedException(
          "a frame of "
              + Integer.toUnsignedString(length)
              + " bytes is not "
              + REST_BYTES
              + " to "
              + bytesMax);
    }
    int end = at + Integer.BYTES + length;
    if (in.length() < end) {
      return null;
    }
    Frame frame =
        new Frame(in.getByte(at + 4) & 0xff, in.getLong(at + 5), in.getBytes(at + HEAD_BYTES, end));
    at = end;
    if (at == in.length()) {
      bytes = null;
    }
    return frame;
  }
}
