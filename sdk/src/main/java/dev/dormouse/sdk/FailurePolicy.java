package dev.dormouse.sdk;

/**
 * What becomes of a connection whose message made its handler throw. The turn is discarded in any
 * case.
 */
public enum FailurePolicy {
  /** It stays open; the error is logged with actor and connection. */
  KEEP_OPEN,
  /** It is closed with 1011 (internal error, RFC 6455 section 7.4.1). */
  CLOSE
}
