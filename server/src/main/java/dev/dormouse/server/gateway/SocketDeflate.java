package dev.dormouse.server.gateway;

import java.util.concurrent.atomic.LongAdder;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The compression of one socket's messages, as agreed. Without context takeover it uses what the
 * event loop has for all; with it, there is native memory of its own from the first message on, for
 * each direction until that ends. The socket's event loop only.
 */
final class SocketDeflate {
  private final DeflateTerms terms;

  /** Counts what has native memory. */
  private final LongAdder contexts;

  /** Null before the first message, and after the last. */
  private @Nullable Deflater deflater;

  /** The same. */
  private @Nullable Inflater inflater;

  SocketDeflate(DeflateTerms terms, LongAdder contexts) {
    this.terms = terms;
    this.contexts = contexts;
  }

  /**
   * The message compressed, without the tail; null if it is to be sent as it is. With context, what
   * is returned must be sent next.
   */
  byte @Nullable [] compress(byte[] message) {
    if (!terms.serverKeepsContext()) {
      return Deflation.ofLoop().compress(message);
    }
    if (message.length == 0) {
      return null; // a flush that has nothing to flush is no message
    }
    Deflater context = deflater;
    if (context == null) {
      context = Deflation.newDeflater();
      deflater = context;
      contexts.increment();
    }
    return Deflation.compress(message, context);
  }

  /**
   * The message that was compressed.
   *
   * @throws ViolationException 1009 if it has more bytes than the limit, 1007 if it is not
   *     compressed data
   */
  byte[] inflate(byte[] compressed, int bytesMax) {
    if (!terms.clientKeepsContext()) {
      return Deflation.ofLoop().inflate(compressed, bytesMax);
    }
    Inflater context = inflater;
    if (context == null) {
      context = Deflation.newInflater();
      inflater = context;
      contexts.increment();
    }
    return Deflation.inflate(compressed, bytesMax, context);
  }

  /** No more messages to the client. */
  void endOutput() {
    if (deflater != null) {
      deflater.end();
      deflater = null;
      contexts.decrement();
    }
  }

  /** No more messages from the client. */
  void endInput() {
    if (inflater != null) {
      inflater.end();
      inflater = null;
      contexts.decrement();
    }
  }
}
