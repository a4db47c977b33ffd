package dev.dormouse.server.gateway.socket;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** The client's side of permessage-deflate, which keeps its contexts or not, as a test wants. */
final class ClientDeflate implements AutoCloseable {
  private final Deflater deflater = new Deflater(9, true);
  private final Inflater inflater = new Inflater(true);
  private final boolean keepsOwn;
  private final boolean keepsServers;

  ClientDeflate(boolean keepsOwn, boolean keepsServers) {
    this.keepsOwn = keepsOwn;
    this.keepsServers = keepsServers;
  }

  /** Compresses a message; an empty message follows RFC 7692, section 7.2.3.6. */
  byte[] deflate(byte[] message) {
    if (message.length == 0) {
      return new byte[1];
    }
    deflater.setInput(message);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] some = new byte[1 << 16];
    int size;
    do {
      size = deflater.deflate(some, 0, some.length, Deflater.SYNC_FLUSH);
      out.write(some, 0, size);
    } while (size == some.length);
    if (!keepsOwn) {
      deflater.reset();
    }
    return Arrays.copyOf(out.toByteArray(), out.size() - 4);
  }

  byte[] inflate(byte[] compressed) throws DataFormatException {
    try {
      return inflate(inflater, compressed);
    } finally {
      if (!keepsServers) {
        inflater.reset();
      }
    }
  }

  /** Inflates a message with a context. */
  static byte[] inflate(Inflater context, byte[] compressed) throws DataFormatException {
    byte[] input = Arrays.copyOf(compressed, compressed.length + 4);
    input[input.length - 2] = (byte) 0xFF;
    input[input.length - 1] = (byte) 0xFF;
    context.setInput(input);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] some = new byte[1 << 16];
    for (int size = context.inflate(some); size > 0; size = context.inflate(some)) {
      out.write(some, 0, size);
    }
    return out.toByteArray();
  }

  @Override
  public void close() {
    deflater.end();
    inflater.end();
  }
}
