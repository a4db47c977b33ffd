package dev.dormouse.server.gateway.wire;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Compresses and inflates the messages of one socket on the negotiated terms. Without context
 * takeover it uses the {@link Deflation} of the event loop. With context takeover it takes native
 * memory of its own with the first message of a direction, and keeps that memory until the
 * direction ends.
 *
 * <p>Only the socket's event loop may use it.
 */
public final class SocketDeflate {
  private final DeflateTerms terms;

  /** The counter of compressors and inflaters that hold native memory. */
  private final LongAdder contexts;

  /** The compressor with context; null before the first message to the client, and at the end. */
  private @Nullable Deflater deflater;

  /** The inflater with context; null before the first message from the client, and at the end. */
  private @Nullable Inflater inflater;

  public SocketDeflate(DeflateTerms terms, LongAdder contexts) {
    this.terms = terms;
    this.contexts = contexts;
  }

  /**
   * Compresses a message; null if the message is to be sent as it is. With context takeover the
   * result must be sent before that of any later call.
   */
  public byte @Nullable [] compress(byte[] message) {
    if (!terms.serverKeepsContext()) {
      return Deflation.ofLoop().compress(message);
    }
    if (message.length == 0) {
      return null; // a compressor without input makes no bytes
    }
    Deflater context = deflater;
    if (context == null) {
      context = Deflation.newDeflater();
      deflater = context;
      contexts.increment();
    }
    return Deflation.ofLoop().compress(message, context);
  }

  /**
   * Inflates a message.
   *
   * @throws ViolationException 1009 if the message has more bytes than the limit, 1007 if the data
   *     is not compressed data
   */
  public byte[] inflate(ByteBuffer compressed, int bytesMax) {
    if (!terms.clientKeepsContext()) {
      return Deflation.ofLoop().inflate(compressed, bytesMax);
    }
    Inflater context = inflater;
    if (context == null) {
      context = Deflation.newInflater();
      inflater = context;
      contexts.increment();
    }
    return Deflation.ofLoop().inflate(compressed, bytesMax, context);
  }

  /** Releases the compressor, because no more messages go to the client. */
  public void endOutput() {
    if (deflater != null) {
      deflater.end();
      deflater = null;
      contexts.decrement();
    }
  }

  /** Releases the inflater, because no more messages come from the client. */
  public void endInput() {
    if (inflater != null) {
      inflater.end();
      inflater = null;
      contexts.decrement();
    }
  }
}
