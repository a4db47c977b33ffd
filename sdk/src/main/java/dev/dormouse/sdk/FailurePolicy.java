package dev.dormouse.sdk;

/**
 * What becomes of a connection whose message made its handler throw. The turn is discarded in any
 * case.
 *
 * <pre>{@code
 * .actor("/game/:key", Game.class, Game::new, o -> o.onFailure(FailurePolicy.CLOSE))
 * }</pre>
 */
public enum FailurePolicy {
  /** It stays open; the error is logged with actor and connection. */
  KEEP_OPEN,
  /** It is closed with 1011 (internal error, RFC 6455 section 7.4.1). */
  CLOSE
}
