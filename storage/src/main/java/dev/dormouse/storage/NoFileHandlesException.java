package dev.dormouse.storage;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Thrown where a read needs a file that the process cannot open now, because it has reached its
 * limit of open files. Nothing is damaged, and the same read succeeds when other files were closed.
 * The message names what was to be read.
 */
public final class NoFileHandlesException extends UncheckedIOException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception that names what was to be read, with the cause. */
  public NoFileHandlesException(String message, IOException cause) {
    super(message, cause);
  }
}
