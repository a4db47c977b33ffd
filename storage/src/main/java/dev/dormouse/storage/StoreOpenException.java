package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/**
 * Thrown where a store cannot be opened. The message names the folder and says what can be done.
 */
public final class StoreOpenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean isInUse;

  /** Creates an exception that says what is wrong, with its cause if there is one. */
  public StoreOpenException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private StoreOpenException(String message, @Nullable Throwable cause, boolean isInUse) {
    super(message, cause);
    this.isInUse = isInUse;
  }

  /** Creates an exception about a folder that another store has open. */
  static StoreOpenException inUse(String message) {
    return new StoreOpenException(message, null, true);
  }

  /** Returns whether the only reason is that another store has the folder open. */
  public boolean isInUse() {
    return isInUse;
  }
}
