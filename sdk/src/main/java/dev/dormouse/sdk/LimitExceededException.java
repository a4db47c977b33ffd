package dev.dormouse.sdk;

/**
 * Thrown where something exceeds its limit. The message names the thing, its size and the limit. In
 * a handler it fails the turn, unless the handler catches it.
 *
 * <pre>{@code
 * try {
 *   from.tag(wanted);
 * } catch (LimitExceededException e) {
 *   from.send(e.getMessage());   // "a tag is 300 bytes; the limit is 256"
 * }
 * }</pre>
 */
public final class LimitExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message that names the limit. */
  public LimitExceededException(String message) {
    super(message);
  }

  /** Creates an exception about a number: "{@code what} is {@code actual}; the limit is …". */
  public LimitExceededException(String what, long actual, long limit) {
    super(what + " is " + actual + "; the limit is " + limit);
  }

  /**
   * Creates an exception about a size: "{@code what} is {@code actual} {@code unit}; the limit is
   * …".
   */
  public LimitExceededException(String what, long actual, long limit, String unit) {
    super(what + " is " + actual + " " + unit + "; the limit is " + limit);
  }
}
