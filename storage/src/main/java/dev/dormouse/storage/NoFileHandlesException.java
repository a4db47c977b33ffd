package dev.dormouse.storage;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A read needs a file that the process may not open now, because it has as many files open as it
 * may. Nothing is damaged, and the same read succeeds when others have closed theirs. The message
 * names what was to be read.
 */
public final class NoFileHandlesException extends UncheckedIOException {
  private static final long serialVersionUID = 1L;

  /** With what was to be read, and how that failed. */
  public NoFileHandlesException(String message, IOException cause) {
    super(message, cause);
  }
}
