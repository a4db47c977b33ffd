package dev.dormouse.storage.rows;

import org.jspecify.annotations.Nullable;

/**
 * Thrown where stored bytes are not those that were written. The message names the actor, the table
 * and the key, as far as they are known.
 */
public final class CorruptRowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception that says what is wrong, with its cause if there is one. */
  public CorruptRowException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
