package dev.dormouse.sdk;

/**
 * A socket failed: an I/O error, or a breach of the protocol by the client. It is never thrown; it
 * is what {@link WebSocketActor#onError} is given.
 *
 * <pre>{@code
 * protected void onError(Connection<Member> connection, Throwable error) {
 *   log.info("{}: {}", connection.id(), error.getMessage());
 * }
 * }</pre>
 */
public final class ConnectionFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what happened, in words. */
  public ConnectionFailedException(String message) {
    super(message);
  }
}
