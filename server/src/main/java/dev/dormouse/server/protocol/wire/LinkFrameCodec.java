package dev.dormouse.server.protocol.wire;

import dev.dormouse.server.protocol.Link;
import java.nio.ByteBuffer;
import java.util.function.Function;

/**
 * Writes and reads the frames of a {@link Link} whose sent records are the bytes that {@link
 * RecordCodec} wrote, so that a record which is sent again is not written again.
 *
 * <p>The methods are pure functions. Whatever the bytes are, a method that reads them gives a frame
 * or throws a {@link WireException}.
 */
public final class LinkFrameCodec {
  /** The version of the form that this node writes, and the only one that it reads. */
  public static final int VERSION = 1;

  private static final int NUMBERS_BYTES = 4 * Long.BYTES;
  private static final int BYTES = 1 + Integer.BYTES + NUMBERS_BYTES;

  private LinkFrameCodec() {}

  /**
   * Returns the bytes that go before those of the frame's record, the length of the whole frame
   * included. A carrier sends these and then the record, if there is one.
   *
   * @throws WireException if the record takes more bytes than a frame may have
   */
  public static ByteBuffer head(Link.Frame<ByteBuffer> frame) {
    ByteBuffer record = frame.payload();
    long bytes = BYTES + (record == null ? 0L : record.remaining());
    return ByteBuffer.allocate(FrameReader.HEAD_BYTES + BYTES)
        .put(FrameReader.head(bytes))
        .put((byte) VERSION)
        .putInt(NUMBERS_BYTES)
        .putLong(frame.from())
        .putLong(frame.to())
        .putLong(frame.sequence())
        .putLong(frame.acknowledged())
        .flip();
  }

  /**
   * Reads a frame of which {@link FrameReader} has taken the length.
   *
   * @param bytes the frame; neither position nor limit are moved
   * @param record reads the record, if the frame has one, such as {@link
   *     RecordCodec#decodeForHost}; the bytes that it is given may be those of a network buffer
   * @throws WireException if the bytes are no such frame, or the record cannot be read
   */
  public static <T> Link.Frame<T> decode(ByteBuffer bytes, Function<ByteBuffer, T> record) {
    WireReader in = new WireReader(bytes);
    in.version(VERSION);
    int outer = in.begin("head of the frame");
    long from = number(in, "number of the sender");
    long to = number(in, "number of the receiver");
    long sequence = number(in, "sequence");
    long acknowledged = number(in, "acknowledged sequence");
    in.end(outer);
    ByteBuffer rest = in.rest();
    if (rest.hasRemaining() != (sequence > 0)) {
      throw in.fault(
          "record",
          "a frame with the sequence "
              + sequence
              + " has "
              + rest.remaining()
              + " bytes of a record");
    }
    return new Link.Frame<>(
        from, to, sequence, acknowledged, sequence > 0 ? record.apply(rest) : null);
  }

  private static long number(WireReader in, String field) {
    long number = in.int8(field);
    if (number < 0) {
      throw in.fault(field, number + " is negative");
    }
    return number;
  }
}
