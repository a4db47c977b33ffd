package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/** A backup cannot be taken or restored. The message names the folders and the reason. */
public final class BackupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong and, if there is one, its cause. */
  public BackupException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
