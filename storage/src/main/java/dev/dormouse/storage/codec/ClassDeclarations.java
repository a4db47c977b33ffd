package dev.dormouse.storage.codec;

import dev.dormouse.sdk.StoredFields;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The classes that an actor's author declared storable, with their older names and migrations.
 *
 * @param types the types whose objects may be stored, type arguments included
 * @param renamed today's classes by the binary names that they had earlier
 * @param migrations for a class, the function that makes its objects from earlier stored forms
 */
record ClassDeclarations(
    Collection<? extends Type> types,
    Map<String, Class<?>> renamed,
    Map<Class<?>, Function<StoredFields, ?>> migrations) {

  /** Declares classes that were neither renamed nor migrated. */
  static ClassDeclarations of(Collection<? extends Type> types) {
    return new ClassDeclarations(types, Map.of(), Map.of());
  }

  /** Copies the collections. */
  ClassDeclarations {
    types = List.copyOf(types);
    renamed = Map.copyOf(renamed);
    migrations = Map.copyOf(migrations);
  }
}
