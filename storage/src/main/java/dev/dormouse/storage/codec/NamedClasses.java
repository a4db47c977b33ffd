package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Serializer;
import dev.dormouse.sdk.StoredFields;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The types that can be stored because an actor's author named their classes. A class that cannot
 * be stored is refused when the codec is made, with a message that names it.
 */
final class NamedClasses {
  private static final int ID_BITS = 28;

  private final Map<Class<?>, Function<StoredFields, ?>> migrations;
  private final Set<Class<?>> classes = new LinkedHashSet<>();
  private final Map<Integer, String> names = new HashMap<>();
  private final List<StoredType> types = new ArrayList<>();

  private NamedClasses(Map<Class<?>, Function<StoredFields, ?>> migrations) {
    this.migrations = migrations;
  }

  /**
   * Finds the types of the named classes; a class that was renamed has one type for each name.
   *
   * @param stableName returns the text that a class's id is made of
   * @throws IllegalArgumentException for the reasons that {@link Codecs#kryo} lists
   */
  static NamedClasses of(ClassDeclarations declarations, Function<Class<?>, String> stableName) {
    NamedClasses all = new NamedClasses(declarations.migrations());
    List<String> faults = new ArrayList<>();
    for (Class<?> type : declarations.classes()) {
      collect(faults, () -> all.add(type));
    }
    declarations.renamed().values().forEach(all::add);
    declarations.migrations().keySet().forEach(all::addMigrated);
    for (Class<?> type : all.classes) {
      String name = stableName.apply(type);
      collect(faults, () -> all.add(type, name, idOf(name), idOf(name)));
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    declarations
        .renamed()
        .forEach((name, type) -> all.addOlder(type, name, idOf(stableName.apply(type))));
    return all;
  }

  private static void collect(List<String> faults, Runnable step) {
    try {
      step.run();
    } catch (IllegalArgumentException e) {
      faults.add(String.valueOf(e.getMessage()));
    }
  }

  /** Returns the types; the one of a class's present name comes before those of older names. */
  List<StoredType> types() {
    return List.copyOf(types);
  }

  /** Returns the names that the ids are made of, by the ids. */
  Map<Integer, String> names() {
    return Map.copyOf(names);
  }

  private void add(Class<?> type, String name, int storedId, int id) {
    for (StoredType other : types) {
      if (other.id() == storedId) {
        throw new IllegalArgumentException(
            "classes "
                + other.type().getName()
                + " and "
                + type.getName()
                + " have the same id in stored bytes, by the names "
                + names.get(storedId)
                + " and "
                + name
                + ": one must have another name");
      }
    }
    names.put(storedId, name);
    types.add(new StoredType(type, storedId, serializerOf(type, name, storedId, id)));
  }

  /** Adds the type of an older name of a class, and those of the arrays of the class. */
  private void addOlder(Class<?> type, String olderName, int id) {
    if (!classes.contains(type)) {
      throw new IllegalArgumentException(
          "class " + type.getName() + " cannot have the older name " + olderName);
    }
    add(type, olderName, idOf(olderName), id);
    for (Class<?> array : classes) {
      if (array.isArray() && array.getComponentType() == type) {
        String name = "[L" + olderName + ";";
        add(array, name, idOf(name), idOf(name));
      }
    }
  }

  private void addMigrated(Class<?> type) {
    add(type);
    if (!classes.contains(type) || type.isArray()) {
      throw new IllegalArgumentException(
          "class " + type.getName() + " cannot be migrated to: it is no record, class or enum");
    }
  }

  /** Returns the id for a class name: 28 bits of the hash, above the ids of the built-in types. */
  static int idOf(String name) {
    int id = (int) (StableHash.of(name) >>> (Long.SIZE - ID_BITS));
    return id < BuiltInTypes.ID_END ? id + BuiltInTypes.ID_END : id;
  }

  private void add(Class<?> type) {
    Class<?> element = type;
    while (element.isArray()) {
      element = element.getComponentType();
    }
    boolean isAbstract = Modifier.isAbstract(type.getModifiers()) && !type.isArray();
    if (BuiltInTypes.isBuiltIn(type)
        || type == Object.class
        || (isAbstract && StoredType.isOfJdk(type))) {
      return;
    }
    if (type.isArray()) {
      if (!element.isPrimitive()) {
        add(element);
      }
      classes.add(type);
    } else if (isAbstract && !type.isEnum()) {
      addSubtypes(type);
    } else if (StoredType.isOfJdk(type) || type.isHidden() || type.isAnonymousClass()) {
      throw new IllegalArgumentException(StoredType.messageAboutUnnamed(type));
    } else {
      classes.add(type);
      addSubtypes(type);
    }
  }

  private void addSubtypes(Class<?> type) {
    if (type.isSealed() && !type.isEnum()) {
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        boolean isOpen = !permitted.isSealed() && Modifier.isAbstract(permitted.getModifiers());
        if (!isOpen) {
          add(permitted);
        }
      }
    } else if (Modifier.isAbstract(type.getModifiers()) && !type.isEnum()) {
      throw new IllegalArgumentException(
          type.getName() + " is abstract and not sealed: name the classes of its objects");
    }
  }

  private Serializer<?> serializerOf(Class<?> type, String name, int storedId, int id) {
    Function<StoredFields, ?> function = migrations.get(type);
    Migration migration = function == null ? null : new Migration(type, function);
    if (type.isEnum()) {
      return new EnumSerializer(type, migration);
    }
    if (type.isArray()) {
      return new ContainerSerializers.OfArray(type.getComponentType());
    }
    Shape shape = Shape.of(type, id);
    List<String> faults = new ArrayList<>();
    for (Shape.Slot slot : shape.slots()) {
      collect(faults, () -> checkNamed(shape.nameOf(slot), slot.type()));
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    return new ShapeSerializer(shape, storedId, name, migration);
  }

  /** Refuses at the start of the server a slot whose values would all fail at the first write. */
  private void checkNamed(String where, Type type) {
    if (type instanceof Class<?> c) {
      if (c.isArray()) {
        checkNamed(where, c.getComponentType());
      }
      boolean isFixed = c.isEnum() || c.isArray() || Modifier.isFinal(c.getModifiers());
      if (isFixed && !c.isPrimitive() && !classes.contains(c) && !BuiltInTypes.isBuiltIn(c)) {
        throw new IllegalArgumentException(where + ": " + StoredType.messageAboutUnnamed(c));
      }
    } else if (type instanceof ParameterizedType p) {
      checkNamed(where, p.getRawType());
      for (Type argument : p.getActualTypeArguments()) {
        checkNamed(where, argument);
      }
    } else if (type instanceof WildcardType w) {
      for (Type bound : w.getUpperBounds()) {
        checkNamed(where, bound);
      }
    } else if (type instanceof GenericArrayType a) {
      checkNamed(where, a.getGenericComponentType());
    }
  }
}
