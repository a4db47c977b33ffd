package dev.dormouse.sdk;

/**
 * The treatment of a connection whose message made its handler throw. The turn is discarded in any
 * case.
 *
 * <pre>{@code
 * .actor("/game/:key", Game.class, Game::new, o -> o.failurePolicy(FailurePolicy.CLOSE))
 * }</pre>
 */
public enum FailurePolicy {
  /** The connection stays open; the error is logged with actor and connection. */
  KEEP_OPEN,
  /** The connection is closed with 1011 (internal error, RFC 6455 section 7.4.1). */
  CLOSE
}
