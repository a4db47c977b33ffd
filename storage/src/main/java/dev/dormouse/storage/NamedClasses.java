package dev.dormouse.storage;

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
 * Turns the classes that an actor's author named into types that can be stored, or says why not.
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
   * The types of the named classes; of a class that was renamed, one for each name.
   *
   * @param stableName the text that a class's id is made of
   * @throws IllegalArgumentException as {@link Codecs#kryo} says
   */
  static NamedClasses of(Naming naming, Function<Class<?>, String> stableName) {
    NamedClasses all = new NamedClasses(naming.migrations());
    List<String> faults = new ArrayList<>();
    for (Class<?> type : naming.classes()) {
      collect(faults, () -> all.add(type));
    }
    naming.renamed().values().forEach(all::add);
    naming.migrations().keySet().forEach(all::addMigrated);
    for (Class<?> type : all.classes) {
      String name = stableName.apply(type);
      collect(faults, () -> all.add(type, name, idOf(name), idOf(name)));
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    naming
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

  /** The types, each class's present name before its older ones. */
  List<StoredType> types() {
    return List.copyOf(types);
  }

  /** The names that the ids are made of. */
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

  /** An older name of a class is one of the arrays of it, too. */
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

  /** The id of a class of this name: 28 bits of the hash, above those of the built-in types. */
  static int idOf(String name) {
    int id = (int) (StableHash.of(name) >>> (Long.SIZE - ID_BITS));
    return id < BuiltInTypes.ID_END ? id + BuiltInTypes.ID_END : id;
  }

  /** What is said of a class that turns up in a value but was not named. */
  static String unnamed(Class<?> type) {
    if (type.isHidden() || type.isAnonymousClass()) {
      return "class " + type.getName() + " cannot be stored: it is a lambda or has no name";
    }
    if (isOfJdk(type)) {
      return "class "
          + type.getName()
          + " cannot be stored: copy what it holds into one of the common types, such as ArrayList";
    }
    return "class "
        + type.getName()
        + " was not named: add it with ActorOptions.stores("
        + type.getSimpleName()
        + ".class)";
  }

  /** Whether a class is part of the JDK. */
  static boolean isOfJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader == ClassLoader.getPlatformClassLoader();
  }

  private void add(Class<?> type) {
    Class<?> element = type;
    while (element.isArray()) {
      element = element.getComponentType();
    }
    boolean isAbstract = Modifier.isAbstract(type.getModifiers()) && !type.isArray();
    if (BuiltInTypes.isBuiltIn(type) || type == Object.class || (isAbstract && isOfJdk(type))) {
      return;
    }
    if (type.isArray()) {
      if (!element.isPrimitive()) {
        add(element);
      }
      classes.add(type);
    } else if (isAbstract && !type.isEnum()) {
      addSubtypes(type);
    } else if (isOfJdk(type)) {
      throw new IllegalArgumentException(unnamed(type));
    } else if (type.isHidden() || type.isAnonymousClass()) {
      throw new IllegalArgumentException(unnamed(type));
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
      return new ArraySerializer(type.getComponentType());
    }
    Shape shape = Shapes.of(type, id);
    List<String> faults = new ArrayList<>();
    for (Shape.Slot slot : shape.slots()) {
      collect(faults, () -> checkNamed(shape.nameOf(slot), slot.type()));
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    return new ShapeSerializer(shape, storedId, name, migration);
  }

  /** Finds at the start of the server what would otherwise fail at the first write. */
  private void checkNamed(String where, Type type) {
    if (type instanceof Class<?> c) {
      if (c.isArray()) {
        checkNamed(where, c.getComponentType());
      }
      boolean isFixed = c.isEnum() || c.isArray() || Modifier.isFinal(c.getModifiers());
      if (isFixed && !c.isPrimitive() && !classes.contains(c) && !BuiltInTypes.isBuiltIn(c)) {
        throw new IllegalArgumentException(where + ": " + unnamed(c));
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
