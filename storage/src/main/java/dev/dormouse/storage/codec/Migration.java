package dev.dormouse.storage.codec;

import dev.dormouse.sdk.StoredFields;
import dev.dormouse.sdk.StoredValueException;
import java.util.function.Function;

/**
 * The author's way to make objects of today's class from objects that were stored in an earlier
 * form.
 *
 * @param to today's class
 * @param function makes the object from the stored fields
 */
record Migration(Class<?> to, Function<StoredFields, ?> function) {

  /**
   * Makes an object of today's class.
   *
   * @throws StoredValueException if the function throws, or returns null or an object of another
   *     class
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
