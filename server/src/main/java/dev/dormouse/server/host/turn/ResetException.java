package dev.dormouse.server.host.turn;

/**
 * Ends a handler that has reset its actor. Without a stack trace: the words say all there is to
 * know.
 */
public final class ResetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ResetException(String why) {
    super(why, null, false, false);
  }
}
