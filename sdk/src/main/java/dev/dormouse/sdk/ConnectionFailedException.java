package dev.dormouse.sdk;

/**
 * The description of a socket's failure: an I/O error, or a breach of the protocol by the client.
 * It is never thrown, but given to {@link WebSocketActor#onError}.
 *
 * <pre>{@code
 * protected void onError(Connection<Member> connection, ConnectionFailedException error) {
 *   if (error.reason().cause() == CloseReason.Cause.VIOLATION) {
 *     log.info("{} broke the protocol: {}", connection.id(), error.getMessage());
 *   }
 * }
 * }</pre>
 */
public final class ConnectionFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient CloseReason reason;

  /**
   * Creates a description of what happened.
   *
   * @param reason how the connection ends
   */
  public ConnectionFailedException(String message, CloseReason reason) {
    super(message);
    this.reason = reason;
  }

  /**
   * Returns how the connection ends, as {@link WebSocketActor#onClose} will say: for a breach of
   * the protocol the cause {@link CloseReason.Cause#VIOLATION} and the code that the client is
   * sent, for an I/O error {@link CloseReason.Cause#CONNECTION_LOST} and 1006.
   */
  public CloseReason reason() {
    return reason;
  }
}
