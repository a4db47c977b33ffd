package dev.dormouse.sdk;

/**
 * The description of a socket's failure: an I/O error, or a breach of the protocol by the client.
 * It is never thrown, but given to {@link WebSocketActor#onError}.
 *
 * <pre>{@code
 * protected void onError(Connection<Member> connection, Throwable error) {
 *   log.info("{}: {}", connection.id(), error.getMessage());
 * }
 * }</pre>
 */
public final class ConnectionFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates a description of what happened. */
  public ConnectionFailedException(String message) {
    super(message);
  }
}
