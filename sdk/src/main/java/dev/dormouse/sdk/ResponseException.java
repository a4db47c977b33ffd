package dev.dormouse.sdk;

/**
 * A failure that knows how the client is to be answered. Thrown by {@code onUpgrade} or {@code
 * onRequest}, or while {@link ActorOptions#access} decides, the client gets its answer in place of
 * 500. Otherwise it is a failure like others: nothing of the turn is kept, and it is logged. So
 * {@link Upgrade#reject} is the better way where it can be had.
 *
 * <pre>{@code
 * throw new ResponseException(HttpResponse.text(409, "the game has begun"));
 * }</pre>
 */
public final class ResponseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient HttpResponse response;

  /**
   * A failure with an answer.
   *
   * @param response the answer; to an upgrade, its status is to be 300 to 599 [500]
   */
  public ResponseException(HttpResponse response) {
    super("answered " + response.status());
    this.response = response;
  }

  /** What the client is answered. */
  public HttpResponse response() {
    return response;
  }
}
