package dev.dormouse.sdk;

/**
 * A failure with the answer to the client. If {@code onUpgrade}, {@code onRequest} or the rule of
 * {@link ActorOptions#access} throws it, the client gets this answer in place of 500. In all else
 * it is a failure like others: nothing of the turn is kept, and it is logged. {@link
 * Upgrade#reject} is better wherever it can be called.
 *
 * <pre>{@code
 * throw new ResponseException(HttpResponse.text(409, "the game has begun"));
 * }</pre>
 */
public final class ResponseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient HttpResponse response;

  /**
   * Creates a failure with an answer.
   *
   * @param response the answer; for an upgrade its status must be 300 to 599, or 500 is answered
   */
  public ResponseException(HttpResponse response) {
    super("answered " + response.status());
    this.response = response;
  }

  /** Returns the answer to the client. */
  public HttpResponse response() {
    return response;
  }
}
