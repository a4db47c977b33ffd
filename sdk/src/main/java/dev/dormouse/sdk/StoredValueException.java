package dev.dormouse.sdk;

import org.jspecify.annotations.Nullable;

/**
 * Thrown where a value cannot be serialized, or stored bytes cannot be read as the wanted class.
 * The message names the class and the place of the value. In a handler it fails the turn, unless
 * the handler catches it.
 *
 * <pre>{@code
 * storage().put("total", 1L);
 * storage().get("total", String.class);   // StoredValueException: … is of java.lang.Long, not of …
 * }</pre>
 */
public final class StoredValueException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message and, if there is one, a cause. */
  public StoredValueException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
