package dev.dormouse.server.gateway.wire;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Compresses and inflates whole messages (RFC 7692, section 7.2). Without context takeover, one
 * compressor and one inflater serve all sockets of an event loop; {@link #ofLoop} returns those of
 * the calling loop.
 *
 * <p>Only the event loop's thread may use it.
 */
public final class Deflation {
  /** The bytes from which on a message is worth compressing by itself. */
  public static final int BYTES_MIN = 64;

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

  /** The last bytes of every flush, which are not sent. */
  private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};

  private static final byte[] NOTHING = {};

  private static final int CAPACITY_MIN = 256;

  private final Deflater deflater = newDeflater();
  private final Inflater inflater = newInflater();

  private Deflation() {}

  /** Returns the deflation of the calling event loop. */
  static Deflation ofLoop() {
    return OF_LOOP.get();
  }

  static Deflater newDeflater() {
    return new Deflater(Deflater.DEFAULT_COMPRESSION, true);
  }

  static Inflater newInflater() {
    return new Inflater(true);
  }

  /**
   * Returns how long a compressed message may be, in bytes. It must hold a message of the limit
   * that cannot be compressed: blocks of at least 4 KiB are then stored as they are, with 5 bytes
   * more.
   */
  public static int compressedBytesMax(int messageBytesMax) {
    return messageBytesMax + messageBytesMax / 512 + CAPACITY_MIN;
  }

  /** Compresses a message by itself; null if the message is too short or does not get shorter. */
  byte @Nullable [] compress(byte[] message) {
    if (message.length < BYTES_MIN) {
      return null;
    }
    deflater.setInput(message);
    byte[] bytes = new byte[message.length];
    int size = deflater.deflate(bytes, 0, bytes.length, Deflater.SYNC_FLUSH);
    deflater.reset();
    return size < bytes.length ? Arrays.copyOf(bytes, size - TAIL.length) : null;
  }

  /** Compresses a message with the context of the messages before it. */
  static byte[] compress(byte[] message, Deflater context) {
    context.setInput(message);
    byte[] bytes = new byte[CAPACITY_MIN + message.length / 2];
    int size = 0;
    while (true) {
      size += context.deflate(bytes, size, bytes.length - size, Deflater.SYNC_FLUSH);
      if (size < bytes.length) {
        context.setInput(NOTHING); // otherwise the compressor would keep the message
        return Arrays.copyOf(bytes, size - TAIL.length);
      }
      bytes = Arrays.copyOf(bytes, size + CAPACITY_MIN + message.length / 2);
    }
  }

  /**
   * Inflates a message that was compressed by itself. The memory for it grows with its inflated
   * bytes, to at most twice the limit.
   *
   * @throws ViolationException 1009 if the message has more bytes than the limit, 1007 if the data
   *     is not compressed data
   */
  byte[] inflate(byte[] compressed, int bytesMax) {
    try {
      return inflate(compressed, bytesMax, inflater);
    } finally {
      inflater.reset();
    }
  }

  /**
   * Inflates a message that was compressed with the context of the messages before it. A block with
   * the final bit ends the context, as it does for a compressor.
   */
  static byte[] inflate(byte[] compressed, int bytesMax, Inflater context) {
    byte[] input = Arrays.copyOf(compressed, compressed.length + TAIL.length);
    System.arraycopy(TAIL, 0, input, compressed.length, TAIL.length);
    context.setInput(input);
    try {
      return inflateAll(input, bytesMax, context);
    } catch (DataFormatException notCompressed) {
      throw new ViolationException(CloseCodes.BAD_PAYLOAD, "not compressed data");
    } finally {
      context.setInput(NOTHING);
    }
  }

  private static byte[] inflateAll(byte[] input, int bytesMax, Inflater inflater)
      throws DataFormatException {
    byte[] bytes = new byte[CAPACITY_MIN];
    int size = 0;
    while (true) {
      int more = inflater.inflate(bytes, size, bytes.length - size);
      size += more;
      if (size > bytesMax) {
        throw ViolationException.tooLong(bytesMax);
      }
      if (size == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(bytesMax + 1L, 2L * size));
      } else if (inflater.finished() && inflater.getRemaining() > 0) {
        goOnAfterFinalBlock(input, inflater);
      } else if (more == 0) {
        return Arrays.copyOf(bytes, size);
      }
    }
  }

  /** Continues behind a block with the final bit (RFC 7692, section 7.2.3.4). */
  private static void goOnAfterFinalBlock(byte[] input, Inflater inflater) {
    int left = inflater.getRemaining();
    inflater.reset();
    inflater.setInput(input, input.length - left, left);
  }
}
