package dev.dormouse.sdk;

/**
 * Something is over its limit. The message names it, its size and the limit. Thrown into a handler,
 * it fails the turn unless it is caught.
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

  /** Says this. */
  public LimitExceededException(String message) {
    super(message);
  }

  /** Says "{@code what} is {@code actual}; the limit is {@code limit}", of a number of things. */
  public LimitExceededException(String what, long actual, long limit) {
    super(what + " is " + actual + "; the limit is " + limit);
  }

  /** Says "{@code what} is {@code actual} {@code unit}; the limit is {@code limit}". */
  public LimitExceededException(String what, long actual, long limit, String unit) {
    super(what + " is " + actual + " " + unit + "; the limit is " + limit);
  }
}
