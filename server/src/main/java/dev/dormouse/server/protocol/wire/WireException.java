package dev.dormouse.server.protocol.wire;

/**
 * Says that bytes of another node cannot be read, or that a record has no wire form. The message
 * names what and where. The link that the bytes came by is of no use any more: the reader cannot
 * know what the rest of them means.
 */
public final class WireException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  WireException(String message) {
    super(message);
  }

  WireException(String message, Throwable cause) {
    super(message, cause);
  }
}
