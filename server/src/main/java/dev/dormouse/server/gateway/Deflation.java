package dev.dormouse.server.gateway;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Compresses and inflates whole messages (RFC 7692, section 7.2), each by itself. So one event loop
 * needs one of it for all its sockets. The event loop's thread only.
 */
final class Deflation {
  /** Messages that are shorter are not worth it. */
  static final int BYTES_MIN = 64;

  private static final FastThreadLocal<Deflation> OF_LOOP =
      new FastThreadLocal<>() {
        @Override
        protected Deflation initialValue() {
          return new Deflation();
        }

        @Override
        protected void onRemoval(Deflation value) {
          value.deflater.end();
          value.inflater.end();
        }
      };

  /** How a flush ends; left out on the wire. */
  private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};

  private static final int CAPACITY_MIN = 256;

  private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
  private final Inflater inflater = new Inflater(true);

  private Deflation() {}

  /** That of the event loop that calls. */
  static Deflation ofLoop() {
    return OF_LOOP.get();
  }

  /**
   * How long a compressed message may be, so that it holds one of the limit that cannot be
   * compressed: blocks of at least 4 KiB are stored as they are, with 5 bytes more.
   */
  static int compressedBytesMax(int messageBytesMax) {
    return messageBytesMax + messageBytesMax / 512 + CAPACITY_MIN;
  }

  /** The message compressed, without the tail; the message itself if that is not longer. */
  byte[] compress(byte[] message) {
    if (message.length < BYTES_MIN) {
      return message;
    }
    deflater.setInput(message);
    byte[] bytes = new byte[message.length];
    int size = deflater.deflate(bytes, 0, bytes.length, Deflater.SYNC_FLUSH);
    deflater.reset();
    boolean isShorter = size < bytes.length;
    return isShorter ? Arrays.copyOf(bytes, size - TAIL.length) : message;
  }

  /**
   * The message that was compressed. Memory is taken as it comes out, never more than twice the
   * limit.
   *
   * @throws ViolationException 1009 if it has more bytes than the limit, 1007 if it is not
   *     compressed data
   */
  byte[] inflate(byte[] compressed, int bytesMax) {
    byte[] input = Arrays.copyOf(compressed, compressed.length + TAIL.length);
    System.arraycopy(TAIL, 0, input, compressed.length, TAIL.length);
    inflater.setInput(input);
    try {
      return inflateAll(input, bytesMax);
    } catch (DataFormatException notCompressed) {
      throw new ViolationException(CloseCodes.BAD_PAYLOAD, "not compressed data");
    } finally {
      inflater.reset();
    }
  }

  private byte[] inflateAll(byte[] input, int bytesMax) throws DataFormatException {
    byte[] bytes = new byte[CAPACITY_MIN];
    int size = 0;
    while (true) {
      int more = inflater.inflate(bytes, size, bytes.length - size);
      size += more;
      if (size > bytesMax) {
        throw MessageAssembler.tooLong(bytesMax);
      }
      if (size == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(bytesMax + 1L, 2L * size));
      } else if (inflater.finished() && inflater.getRemaining() > 0) {
        goOnAfterFinalBlock(input);
      } else if (more == 0) {
        return Arrays.copyOf(bytes, size);
      }
    }
  }

  /** A block may say that it is the last, and others follow (RFC 7692, section 7.2.3.4). */
  private void goOnAfterFinalBlock(byte[] input) {
    int left = inflater.getRemaining();
    inflater.reset();
    inflater.setInput(input, input.length - left, left);
  }
}
