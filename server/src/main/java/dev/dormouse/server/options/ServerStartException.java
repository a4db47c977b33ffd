package dev.dormouse.server.options;

import org.jspecify.annotations.Nullable;

/**
 * Reports that the server cannot start; the message has the reason and names the option that is at
 * fault.
 */
public final class ServerStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with the reason and, if there is one, its cause. */
  public ServerStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
