package dev.dormouse.server.options;

import org.jspecify.annotations.Nullable;

/** The server cannot start. The message says why, and names the option that is at fault. */
public final class ServerStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the reason and, if there is one, its cause. */
  public ServerStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
