package dev.dormouse.sdk;

/**
 * Thrown where something exceeds its limit. The message names the thing, its size and the limit,
 * and so do the accessors, for programs. In a handler it fails the turn, unless the handler catches
 * it.
 *
 * <pre>{@code
 * try {
 *   from.tag(wanted);
 * } catch (LimitExceededException e) {
 *   from.send(e.getMessage());                       // "a tag is 300 bytes; the limit is 256"
 *   from.send("shorten it by " + (e.actual() - e.limit()));
 * }
 * }</pre>
 */
public final class LimitExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String what;
  private final long actual;
  private final long limit;
  private final String unit;

  /** Creates an exception about a number: "{@code what} is {@code actual}; the limit is …". */
  public LimitExceededException(String what, long actual, long limit) {
    this(what, actual, limit, "", what + " is " + actual + "; the limit is " + limit);
  }

  /**
   * Creates an exception about a size: "{@code what} is {@code actual} {@code unit}; the limit is
   * …".
   */
  public LimitExceededException(String what, long actual, long limit, String unit) {
    this(
        what, actual, limit, unit, what + " is " + actual + " " + unit + "; the limit is " + limit);
  }

  /**
   * Creates an exception with a message of its own.
   *
   * @param what the thing that exceeds its limit
   * @param actual its number or size
   * @param limit the limit
   * @param unit what {@code actual} and {@code limit} count, such as {@code bytes}; empty if {@code
   *     what} says so
   * @param message the whole message
   */
  public LimitExceededException(String what, long actual, long limit, String unit, String message) {
    super(message);
    this.what = what;
    this.actual = actual;
    this.limit = limit;
    this.unit = unit;
  }

  /** Returns the thing that exceeds its limit, such as {@code a tag}. */
  public String what() {
    return what;
  }

  /**
   * Returns the number or size of the thing. Where the server ceased to count at the limit, it is
   * the limit and one more.
   */
  public long actual() {
    return actual;
  }

  /**
   * Returns the limit, in the unit of {@link #actual}: the greatest or, for a minimum, the least.
   */
  public long limit() {
    return limit;
  }

  /** Returns what {@link #actual} and {@link #limit} count; empty if {@link #what} says so. */
  public String unit() {
    return unit;
  }

  /**
   * Returns this exception with more about the place: both {@link #what} and the message begin with
   * {@code where}.
   */
  public LimitExceededException at(String where) {
    return new LimitExceededException(where + what, actual, limit, unit, where + getMessage());
  }
}
