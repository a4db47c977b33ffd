package dev.dormouse.storage;

import dev.dormouse.sdk.StoredFields;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What an actor's author said of the classes that are stored.
 *
 * @param classes those that are stored
 * @param renamed the classes of today by the binary names that they had
 * @param migrations makes objects of a class of what is stored of an earlier form
 */
record Naming(
    Collection<Class<?>> classes,
    Map<String, Class<?>> renamed,
    Map<Class<?>, Function<StoredFields, ?>> migrations) {

  /** Of classes as they were stored. */
  static Naming of(Collection<Class<?>> classes) {
    return new Naming(classes, Map.of(), Map.of());
  }

  /** Copies what it is given. */
  Naming {
    classes = List.copyOf(classes);
    renamed = Map.copyOf(renamed);
    migrations = Map.copyOf(migrations);
  }
}
