package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/** A store cannot be opened. The message names the folder and says what can be done. */
public final class StoreOpenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean isInUse;

  /** With what is wrong and, if there is one, its cause. */
  public StoreOpenException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private StoreOpenException(String message, @Nullable Throwable cause, boolean isInUse) {
    super(message, cause);
    this.isInUse = isInUse;
  }

  /** Of a folder that another store has open. */
  static StoreOpenException inUse(String message) {
    return new StoreOpenException(message, null, true);
  }

  /** Whether it is but that another store has the folder open. */
  public boolean isInUse() {
    return isInUse;
  }
}
