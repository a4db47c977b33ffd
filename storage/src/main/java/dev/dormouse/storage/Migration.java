package dev.dormouse.storage;

import dev.dormouse.sdk.StoredFields;
import dev.dormouse.sdk.StoredValueException;
import java.util.function.Function;

/**
 * What an actor's author gave to make objects of today's class of what was stored.
 *
 * @param to the class
 * @param function makes the object; called with one that is not of today's form
 */
record Migration(Class<?> to, Function<StoredFields, ?> function) {

  /**
   * Makes the object.
   *
   * @throws StoredValueException if the function throws, or makes no object of the class
   */
  Object migrate(StoredFields stored) {
    Object made;
    try {
      made = function.apply(stored);
    } catch (RuntimeException e) {
      throw new StoredValueException(
          "the migration of a stored " + stored + " to " + to.getName() + " failed: " + e, e);
    }
    if (!to.isInstance(made)) {
      throw new StoredValueException(
          "the migration of a stored "
              + stored
              + " to "
              + to.getName()
              + " gave "
              + (made == null ? "null" : "an object of " + made.getClass().getName()),
          null);
    }
    return made;
  }
}
