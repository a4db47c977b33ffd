package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/** Stored bytes are not what was written. The message names the actor, the table and the key. */
public final class CorruptRowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong and, if there is one, its cause. */
  public CorruptRowException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
