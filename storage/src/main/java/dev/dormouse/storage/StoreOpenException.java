package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/** A store cannot be opened. The message names the folder and says what can be done. */
public final class StoreOpenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong and, if there is one, its cause. */
  public StoreOpenException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
