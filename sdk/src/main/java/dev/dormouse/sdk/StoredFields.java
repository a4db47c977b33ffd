package dev.dormouse.sdk;

import java.util.Optional;
import java.util.Set;

/**
 * An object as an earlier version of the application stored it, from which a migration makes
 * today's object; see {@link ActorOptions#migrates}. It is immutable.
 *
 * <p>A value without fields, such as a string, has the one field {@value #VALUE}.
 *
 * <pre>{@code
 * o -> o.migrates(Member.class, old ->
 *     new Member(old.get("nick", String.class).orElse("guest"), old.get("said", Integer.class).orElse(0)))
 * }</pre>
 */
public interface StoredFields {

  /** The name of the only field of a value without fields. */
  String VALUE = "value";

  /**
   * Returns the name of the class that was stored. For a class that the application no longer
   * knows, it is the class's number in stored bytes, such as {@code #61efb46}, because stored bytes
   * do not hold the name.
   */
  String className();

  /**
   * Returns the names of the stored fields or components, in the order in which they were stored.
   */
  Set<String> names();

  /** Returns whether a field was stored, even with the value null. */
  default boolean has(String name) {
    return names().contains(name);
  }

  /**
   * Returns the value of a field; empty if the field was not stored, or its value is null.
   *
   * @param type the class of the value that was stored, which need not be that of the field today;
   *     {@code StoredFields.class} for an object whose class the application no longer knows, also
   *     inside collections; {@code String.class} reads an enum's constant as its name
   * @throws StoredValueException if the value is of another class, or cannot be read
   */
  <T> Optional<T> get(String name, Class<T> type);
}
