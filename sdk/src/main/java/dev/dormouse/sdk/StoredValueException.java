package dev.dormouse.sdk;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown where a value cannot be serialized, or stored bytes cannot be read as the wanted type. The
 * message names the class and the place of the value. In a handler it fails the turn, unless the
 * handler catches it.
 *
 * <pre>{@code
 * storage().put("total", 1L);
 * storage().get("total", String.class);   // StoredValueException: … is of java.lang.Long, not of …
 * }</pre>
 */
public final class StoredValueException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String key;
  private final @Nullable String className;

  /**
   * Creates an exception with a message and, if there is one, a cause. The key and the class are
   * those of a cause that is a {@code StoredValueException}.
   */
  public StoredValueException(String message, @Nullable Throwable cause) {
    this(message, cause, null, null);
  }

  /**
   * Creates an exception about a key or a class. Where one is null, it is that of a cause that is a
   * {@code StoredValueException}.
   */
  public StoredValueException(
      String message, @Nullable Throwable cause, @Nullable String key, @Nullable String className) {
    super(message, cause);
    StoredValueException inner = cause instanceof StoredValueException e ? e : null;
    this.key = key == null && inner != null ? inner.key : key;
    this.className = className == null && inner != null ? inner.className : className;
  }

  /** Returns the storage key of the value; empty if the value is no value of {@link Storage}. */
  public Optional<String> key() {
    return Optional.ofNullable(key);
  }

  /**
   * Returns the binary name of the class at fault: the class that cannot be stored, or the class
   * that was found where another was wanted. It is empty if no one class is at fault, as for
   * damaged bytes.
   */
  public Optional<String> className() {
    return Optional.ofNullable(className);
  }
}
