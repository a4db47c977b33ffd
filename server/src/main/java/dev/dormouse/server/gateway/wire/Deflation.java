package dev.dormouse.server.gateway.wire;

import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Compresses and inflates whole messages (RFC 7692, section 7.2). Without context takeover, one
 * compressor and one inflater serve all sockets of an event loop; {@link #ofLoop} returns those of
 * the calling loop.
 *
 * <p>The compressors and inflaters only see direct memory. While they use an array of the heap, the
 * JVM cannot collect garbage, and JDK 17 then throws an {@code OutOfMemoryError} at other threads
 * although there is garbage enough.
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

  private static final int CAPACITY_MIN = 256;
  private static final int SCRATCH_BYTES = 32 << 10;

  private final Deflater deflater = newDeflater();
  private final Inflater inflater = newInflater();

  /** The bytes that go into a compressor or an inflater. */
  private final ByteBuffer in = ByteBuffer.allocateDirect(SCRATCH_BYTES);

  /** The bytes that come out of a compressor or an inflater. */
  private final ByteBuffer out = ByteBuffer.allocateDirect(SCRATCH_BYTES);

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
    try {
      return compress(message, deflater, message.length - 1);
    } finally {
      deflater.reset();
    }
  }

  /** Compresses a message with the context of the messages before it. */
  byte[] compress(byte[] message, Deflater context) {
    return Objects.requireNonNull(compress(message, context, Integer.MAX_VALUE));
  }

  /** Returns the compressed message; null if it has more bytes than the limit. */
  private byte @Nullable [] compress(byte[] message, Deflater deflater, int bytesMax) {
    ByteChunks bytes = new ByteChunks();
    for (int from = 0; from < message.length; from += in.limit()) {
      int some = Math.min(in.capacity(), message.length - from);
      deflater.setInput(in.clear().put(message, from, some).flip());
      int flush = from + some == message.length ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH;
      do {
        deflater.deflate(out.clear(), flush);
        bytes.add(out.flip());
        if (bytes.size() > bytesMax) {
          return null;
        }
      } while (out.limit() == out.capacity());
    }
    return bytes.toArray(bytes.size() - TAIL.length);
  }

  /**
   * Inflates a message that was compressed by itself. The memory for it grows with its inflated
   * bytes; the message is then copied once.
   *
   * @throws ViolationException 1009 if the message has more bytes than the limit, 1007 if the data
   *     is not compressed data
   */
  byte[] inflate(ByteBuffer compressed, int bytesMax) {
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
  byte[] inflate(ByteBuffer compressed, int bytesMax, Inflater context) {
    try {
      return inflateAll(compressed, bytesMax, context);
    } catch (DataFormatException notCompressed) {
      throw new ViolationException(CloseCodes.BAD_PAYLOAD, "not compressed data");
    }
  }

  private byte[] inflateAll(ByteBuffer compressed, int bytesMax, Inflater inflater)
      throws DataFormatException {
    ByteChunks bytes = new ByteChunks();
    boolean isTailIn = fill(compressed);
    inflater.setInput(in);
    while (true) {
      int more = inflater.inflate(out.clear());
      bytes.add(out.flip());
      if (bytes.size() > bytesMax) {
        throw ViolationException.tooLong(bytesMax);
      }
      boolean hasMore = in.hasRemaining() || !isTailIn;
      if (inflater.finished() && hasMore) {
        inflater.reset(); // the block with the final bit; RFC 7692, section 7.2.3.4
        inflater.setInput(in);
      } else if (!in.hasRemaining() && hasMore) {
        isTailIn = fill(compressed);
        inflater.setInput(in);
      } else if (more == 0) {
        return bytes.toArray();
      }
    }
  }

  /** Takes the next compressed bytes, and returns whether they are the last, with the tail. */
  private boolean fill(ByteBuffer compressed) {
    int some = Math.min(compressed.remaining(), in.capacity() - TAIL.length);
    in.clear().put(compressed.slice().limit(some));
    compressed.position(compressed.position() + some);
    boolean isLast = !compressed.hasRemaining();
    if (isLast) {
      in.put(TAIL);
    }
    in.flip();
    return isLast;
  }
}
