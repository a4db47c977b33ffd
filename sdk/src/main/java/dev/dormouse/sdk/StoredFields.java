package dev.dormouse.sdk;

import java.util.Optional;
import java.util.Set;

/**
 * An object as it was stored by an earlier version of the application, for a migration to make
 * today's object of: see {@link ActorOptions#migrates}. Immutable.
 *
 * <p>What is no object with fields, such as a string, has the one field {@value #VALUE}.
 *
 * <pre>{@code
 * o -> o.migrates(Member.class, old ->
 *     new Member(old.get("nick", String.class).orElse("guest"), old.get("said", Integer.class).orElse(0)))
 * }</pre>
 */
public interface StoredFields {

  /** The only field of what is no object with fields. */
  String VALUE = "value";

  /**
   * The name of the class that was stored. If the application does not know the class any more, it
   * is its number in stored bytes, such as {@code #61efb46}: those do not hold the name.
   */
  String className();

  /** The names of the fields or components that were stored, in the order in which they were. */
  Set<String> names();

  /** Whether there is such a field, be it null. */
  default boolean has(String name) {
    return names().contains(name);
  }

  /**
   * The value of a field; empty if there is no such field, or it is null.
   *
   * @param type the class of the value that was stored, which need not be that of the field today;
   *     {@code StoredFields.class} for an object whose class the application does not know any
   *     more, inside of collections, too; {@code String.class} reads an enum's constant as its name
   * @throws StoredValueException if the value is of another class, or cannot be read
   */
  <T> Optional<T> get(String name, Class<T> type);
}
