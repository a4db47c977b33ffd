package dev.dormouse.sdk;

/** Something is over its limit. The message names it, its size and the limit. */
public final class LimitExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says "{@code what} is {@code actual} {@code unit}; the limit is {@code limit}". */
  public LimitExceededException(String what, long actual, long limit, String unit) {
    super(what + " is " + actual + " " + unit + "; the limit is " + limit);
  }
}
