package dev.dormouse.server.gateway.wire;

import dev.dormouse.server.protocol.HeapCost;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects bytes whose number is not known before they have all come. The bytes are kept in chunks
 * of at most {@value #CHUNK_BYTES} bytes, so that a growing collection copies nothing, and takes
 * little more memory than the bytes have. They are copied once, by {@link #toArray}.
 *
 * <p>One thread at a time may use it.
 */
public final class ByteChunks {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int FIRST_BYTES = 256;

  /** The chunks that are full. */
  private final List<byte[]> full = new ArrayList<>(0);

  private byte[] chunk = {};
  private int at;

  /** The bytes of the full chunks. */
  private int fullBytes;

  /**
   * Returns the chunk that the next bytes belong to, from {@link #at()} to its end. It has room for
   * at least one byte.
   *
   * @param expected the number of bytes that are about to come, at least 1
   */
  public byte[] chunk(int expected) {
    if (at == chunk.length) {
      if (at > 0) {
        full.add(chunk);
        fullBytes += at;
      }
      chunk = new byte[Math.min(CHUNK_BYTES, Math.max(FIRST_BYTES, Math.max(expected, fullBytes)))];
      at = 0;
    }
    return chunk;
  }

  /** Returns the place of the next byte in the current chunk. */
  public int at() {
    return at;
  }

  /** Notes that the next bytes of the current chunk were written. */
  public void wrote(int bytes) {
    at += bytes;
  }

  /** Adds all bytes of a buffer. */
  void add(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte[] into = chunk(bytes.remaining());
      int some = Math.min(into.length - at, bytes.remaining());
      bytes.get(into, at, some);
      at += some;
    }
  }

  /** Returns how many bytes were written. */
  public int size() {
    return fullBytes + at;
  }

  /** Returns how many bytes of heap the chunks take. */
  public long heldBytes() {
    return fullBytes + HeapCost.ofBytes(chunk.length);
  }

  /** Returns all bytes. The array must not be changed, because it may be a chunk. */
  public byte[] toArray() {
    return toArray(size());
  }

  /**
   * Returns the first bytes. The array must not be changed, because it may be a chunk.
   *
   * @param size the number of bytes to return, at most {@link #size()}
   */
  public byte[] toArray(int size) {
    if (full.isEmpty() && size == chunk.length) {
      return chunk;
    }
    byte[] all = new byte[size];
    int copied = 0;
    for (byte[] one : full) {
      int some = Math.min(one.length, size - copied);
      System.arraycopy(one, 0, all, copied, some);
      copied += some;
    }
    System.arraycopy(chunk, 0, all, copied, Math.min(at, size - copied));
    return all;
  }
}
