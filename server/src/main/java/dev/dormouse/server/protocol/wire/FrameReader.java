package dev.dormouse.server.protocol.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into frames. A frame is its length (4) and as many bytes. The stream may
 * come in chunks of any lengths.
 *
 * <p>The reader holds the bytes of one frame at most, and takes memory for them as they come: 4 KiB
 * or twice what has come, and never by the length alone that a frame announces.
 *
 * <p>A reader belongs to one stream, and one thread at a time may use it. After a {@link
 * WireException} the rest of the stream means nothing, and every call throws that exception again.
 */
public final class FrameReader {
  /** The bytes of the length that a frame begins with. */
  public static final int HEAD_BYTES = Integer.BYTES;

  /**
   * The most bytes that a frame needs: those of the longest record, and room for what a transport
   * puts before it.
   */
  public static final int FRAME_BYTES_MAX = RecordCodec.BYTES_MAX + (1 << 10);

  private static final int FIRST_BYTES = 4 << 10;
  private static final byte[] NONE = {};

  private final int bytesMax;

  /** The bytes of the length that have come, and the length as far as they tell it. */
  private int headBytes;

  private int length;

  /** Room for the bytes of the frame; {@code filled} of them have come. */
  private byte[] held = NONE;

  private int filled;

  /** The fault of the stream; null as long as there is none. */
  private @Nullable WireException fault;

  /**
   * Creates the reader of a stream.
   *
   * @param bytesMax the most bytes of a frame; {@link #FRAME_BYTES_MAX} where any record may come,
   *     and less as long as it is not known who is at the other end
   */
  public FrameReader(int bytesMax) {
    this.bytesMax = bytesMax;
  }

  /**
   * Returns the head of a frame, which goes before the frame's bytes.
   *
   * @param bytes the number of the frame's bytes
   * @throws WireException if a frame may not have so many bytes
   */
  public static ByteBuffer head(long bytes) {
    if (bytes < 1 || bytes > FRAME_BYTES_MAX) {
      throw new WireException(
          "a frame cannot have " + bytes + " bytes; it has 1 to " + FRAME_BYTES_MAX);
    }
    return ByteBuffer.allocate(HEAD_BYTES).putInt((int) bytes).flip();
  }

  /**
   * Takes bytes of a chunk, up to the end of the next frame. Call it again with the same chunk
   * until it returns null, and then with the next chunk.
   *
   * @return the frame's bytes without its length, which are the chunk's own bytes if the chunk has
   *     all of them; null if the chunk is used up, and the frame is not whole yet
   * @throws WireException if a frame has no bytes or too many
   */
  public @Nullable ByteBuffer next(ByteBuffer chunk) {
    if (fault != null) {
      throw fault;
    }
    while (headBytes < HEAD_BYTES) {
      if (!chunk.hasRemaining()) {
        return null;
      }
      length = length << Byte.SIZE | (chunk.get() & 0xff);
      headBytes++;
      if (headBytes == HEAD_BYTES) {
        checkLength();
      }
    }
    int missing = length - filled;
    ByteBuffer frame;
    if (filled == 0 && chunk.remaining() >= missing) {
      frame = chunk.slice(chunk.position(), missing);
      chunk.position(chunk.position() + missing);
    } else {
      hold(chunk, Math.min(missing, chunk.remaining()));
      if (filled < length) {
        return null;
      }
      frame = ByteBuffer.wrap(held, 0, length).slice();
    }
    headBytes = 0;
    length = 0;
    held = NONE;
    filled = 0;
    return frame;
  }

  /** Returns the memory that the reader takes for a frame that is not whole yet, in bytes. */
  public int heldBytes() {
    return held.length;
  }

  /** Returns whether the stream may end here, because no frame has begun that is not whole. */
  public boolean isBetweenFrames() {
    return headBytes == 0;
  }

  private void checkLength() {
    if (length < 1 || length > bytesMax) {
      fault =
          new WireException(
              "bytes of another node cannot be read; a frame announces "
                  + Integer.toUnsignedString(length)
                  + " bytes, but must have 1 to "
                  + bytesMax);
      throw fault;
    }
  }

  private void hold(ByteBuffer chunk, int more) {
    if (held.length < filled + more) {
      long enough = Math.max(2L * (filled + more), FIRST_BYTES);
      held = Arrays.copyOf(held, (int) Math.min(enough, length));
    }
    chunk.get(held, filled, more);
    filled += more;
  }
}
