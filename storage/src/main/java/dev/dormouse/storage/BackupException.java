package dev.dormouse.storage;

import org.jspecify.annotations.Nullable;

/** A backup cannot be taken or restored. The message names the folders and the reason. */
public final class BackupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean isPassing;

  /** With what is wrong and, if there is one, its cause. */
  public BackupException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  /** The same of something that passes, if that is said. */
  BackupException(String message, @Nullable Throwable cause, boolean isPassing) {
    super(message, cause);
    this.isPassing = isPassing;
  }

  /** Whether the process had no file handles, so that the same backup may succeed later. */
  public boolean isPassing() {
    return isPassing;
  }
}
