package dev.dormouse.sdk;

/** A socket failed: an I/O error, or a breach of the protocol by the client. */
public final class ConnectionFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what happened, in words. */
  public ConnectionFailedException(String message) {
    super(message);
  }
}
