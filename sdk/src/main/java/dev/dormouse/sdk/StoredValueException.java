package dev.dormouse.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A value cannot be serialized, or stored bytes cannot be read as what was asked for. The message
 * names the class, and where the value belongs. Thrown into a handler, it fails the turn unless it
 * is caught.
 *
 * <pre>{@code
 * storage().put("total", 1L);
 * storage().get("total", String.class);   // StoredValueException: … is of java.lang.Long, not of …
 * }</pre>
 */
public final class StoredValueException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With its message and, if there is one, its cause. */
  public StoredValueException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
