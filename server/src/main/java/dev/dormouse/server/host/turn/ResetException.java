package dev.dormouse.server.host.turn;

/**
 * Ends a handler that has reset its actor. It has no stack trace, since its message is the reason
 * that the actor gave.
 */
public final class ResetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ResetException(String why) {
    super(why, null, false, false);
  }
}
