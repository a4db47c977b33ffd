package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/**
 * Thrown where a backup cannot be taken or restored. The message names the folders and the reason.
 */
public final class BackupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean isPassing;

  /** Creates an exception that says what is wrong, with its cause if there is one. */
  public BackupException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  /**
   * Creates an exception that says what is wrong and whether it passes.
   *
   * @param isPassing whether the reason is a want of file handles
   */
  BackupException(String message, @Nullable Throwable cause, boolean isPassing) {
    super(message, cause);
    this.isPassing = isPassing;
  }

  /** Returns whether the reason is a want of file handles, so that a later attempt may succeed. */
  public boolean isPassing() {
    return isPassing;
  }
}
