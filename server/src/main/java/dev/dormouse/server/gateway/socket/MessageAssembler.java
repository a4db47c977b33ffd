package dev.dormouse.server.gateway.socket;

import dev.dormouse.server.gateway.wire.ByteChunks;
import dev.dormouse.server.gateway.wire.CloseCodes;
import dev.dormouse.server.gateway.wire.Utf8Check;
import dev.dormouse.server.gateway.wire.ViolationException;
import dev.dormouse.server.protocol.Payload;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Joins the fragments of one message (RFC 6455, section 5.4). An assembler is created for the first
 * fragment of a message, and dropped after the last. A message in one frame needs none.
 *
 * <p><b>Limits.</b> The bytes of the message are limited [1009]. The number of fragments is limited
 * only if they are very short: more than {@value #FRAGMENTS_FREE} fragments must have {@value
 * #FRAGMENT_BYTES_MEAN_MIN} bytes on average [1008]. So 4 MiB in fragments of 64 bytes are
 * accepted, and an endless flow of empty fragments is not.
 *
 * <p>The assembler copies the bytes, so that it refers to no buffer of the network. Only the
 * socket's event loop may use it.
 */
public final class MessageAssembler {
  /** The fragments that a message may have regardless of their length. */
  public static final int FRAGMENTS_FREE = 1_024;

  /** The bytes that fragments must have on average once there are more of them. */
  static final int FRAGMENT_BYTES_MEAN_MIN = 16;

  private final int bytesMax;

  /** The check of text; null for a binary message. */
  private final @Nullable Utf8Check utf8;

  private final ByteChunks bytes = new ByteChunks();
  private int fragments;

  MessageAssembler(boolean isText, int bytesMax) {
    this.bytesMax = bytesMax;
    this.utf8 = isText ? new Utf8Check() : null;
  }

  /**
   * Adds the next fragment.
   *
   * @throws ViolationException 1009 if the message is too long, 1008 if its fragments are too many
   *     and too short, 1007 if text is not UTF-8 so far
   */
  void add(ByteBuf content) {
    int length = content.readableBytes();
    if (length > bytesMax - bytes.size()) {
      throw ViolationException.tooLong(bytesMax);
    }
    fragments++;
    if (fragments > FRAGMENTS_FREE
        && (long) bytes.size() + length < (long) fragments * FRAGMENT_BYTES_MEAN_MIN) {
      throw new ViolationException(CloseCodes.POLICY, ViolationException.SHORT_FRAGMENTS);
    }
    for (int from = content.readerIndex(); from < content.writerIndex(); ) {
      int left = content.writerIndex() - from;
      byte[] chunk = bytes.chunk(left);
      int end = Math.min(chunk.length, bytes.at() + left);
      content.getBytes(from, chunk, bytes.at(), end - bytes.at());
      if (utf8 != null && !utf8.accepts(chunk, bytes.at(), end)) {
        throw ViolationException.notUtf8();
      }
      from += end - bytes.at();
      bytes.wrote(end - bytes.at());
    }
  }

  /**
   * Returns the message of all fragments, after the last one was added.
   *
   * @throws ViolationException 1007 if text breaks off within a character
   */
  Payload finish() {
    byte[] message = bytes.toArray();
    if (utf8 == null) {
      return new Payload.Binary(message);
    }
    if (!utf8.isComplete()) {
      throw ViolationException.notUtf8();
    }
    return new Payload.Text(message);
  }

  /** Returns how many bytes of the message came so far. */
  int size() {
    return bytes.size();
  }

  /** Returns how many bytes of memory the fragments take. */
  long heldBytes() {
    return bytes.heldBytes();
  }
}
