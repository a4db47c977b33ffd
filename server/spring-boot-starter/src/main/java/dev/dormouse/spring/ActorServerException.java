package dev.dormouse.spring;

import org.jspecify.annotations.Nullable;

/** Reports that the actors' server cannot start; the message has the reason and the remedy. */
public final class ActorServerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ActorServerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
