package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Serializer;
import dev.dormouse.sdk.StoredFields;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The types that can be stored: the classes that an actor's author named, and the classes that
 * these are made of. From a named class the search goes on to the types of its components or
 * fields, to their type arguments, to the elements of arrays, and to the permitted subclasses of
 * sealed types. What cannot be stored is refused when the codec is made, all at once, with messages
 * that name the class, the place, and the remedy.
 */
final class NamedClasses {
  private static final int ID_BITS = 28;

  private final Function<Class<?>, String> stableName;
  private final Map<Class<?>, Function<StoredFields, ?>> migrations;

  /** The classes of objects: those that have a type, and those for which a fault was found. */
  private final Set<Class<?>> classes = new LinkedHashSet<>();

  /** The abstract classes that were found, by the places where they were found first. */
  private final Map<Class<?>, String> abstracts = new LinkedHashMap<>();

  private final Map<Integer, String> names = new HashMap<>();
  private final List<StoredType> types = new ArrayList<>();
  private final Set<String> faults = new LinkedHashSet<>();

  private NamedClasses(
      Function<Class<?>, String> stableName, Map<Class<?>, Function<StoredFields, ?>> migrations) {
    this.stableName = stableName;
    this.migrations = migrations;
  }

  /**
   * Finds the types; a class that was renamed has one type for each name.
   *
   * @param stableName returns the text that a class's id is made of
   * @throws IllegalArgumentException for the reasons that {@link Codecs#kryo} lists; the message
   *     has a line for each
   */
  static NamedClasses of(ClassDeclarations declarations, Function<Class<?>, String> stableName) {
    NamedClasses all = new NamedClasses(stableName, declarations.migrations());
    declarations.types().forEach(type -> all.add("", type));
    declarations.renamed().values().forEach(type -> all.add("", type));
    declarations.migrations().keySet().forEach(all::addMigrated);
    declarations.renamed().forEach(all::addOlder);
    all.checkOpen();
    if (!all.faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", all.faults));
    }
    return all;
  }

  /** Returns the types; the one of a class's present name comes before those of older names. */
  List<StoredType> types() {
    return List.copyOf(types);
  }

  /** Returns the names that the ids are made of, by the ids. */
  Map<Integer, String> names() {
    return Map.copyOf(names);
  }

  /** Returns the id for a class name: 28 bits of the hash, above the ids of the built-in types. */
  static int idOf(String name) {
    int id = (int) (StableHash.of(name) >>> (Long.SIZE - ID_BITS));
    return id < BuiltInTypes.ID_END ? id + BuiltInTypes.ID_END : id;
  }

  private void fault(String where, String what) {
    faults.add(where.isEmpty() ? what : where + ": " + what);
  }

  /**
   * Adds the classes of a type and of its type arguments.
   *
   * @param where the component or field of the type, for messages; empty for a type that the author
   *     named
   */
  private void add(String where, Type type) {
    if (type instanceof Class<?> c) {
      addClass(where, c);
    } else if (type instanceof ParameterizedType p) {
      add(where, p.getRawType());
      for (Type argument : p.getActualTypeArguments()) {
        add(where, argument);
      }
    } else if (type instanceof WildcardType w) {
      for (Type bound : w.getUpperBounds()) {
        add(where, bound);
      }
    } else if (type instanceof GenericArrayType a) {
      addClass(where, TypeFit.rawOf(a));
      add(where, a.getGenericComponentType());
    } else if (type instanceof TypeVariable<?> v) {
      addClass(where, TypeFit.rawOf(v)); // a bound may name its own variable
    }
  }

  private void addClass(String where, Class<?> type) {
    boolean isAbstract =
        Modifier.isAbstract(type.getModifiers()) && !type.isArray() && !type.isEnum();
    if (BuiltInTypes.isBuiltIn(type)
        || type == Object.class
        || type == Void.class
        || (isAbstract && StoredType.isOfJdk(type))
        || abstracts.containsKey(type)
        || classes.contains(type)) {
      return;
    }
    if (isAbstract) {
      abstracts.put(type, where);
      addSubtypes(where, type);
      return;
    }
    classes.add(type);
    if (type.isArray()) {
      Class<?> element = type.getComponentType();
      if (element.isPrimitive()) {
        fault(
            where,
            type.getTypeName()
                + " cannot be stored: use byte[], int[], long[], double[] or a List");
        return;
      }
      add(where, element);
      addType(where, type, stableName.apply(type), idOf(stableName.apply(type)));
    } else if (StoredType.isOfJdk(type) || type.isHidden() || type.isAnonymousClass()) {
      fault(where, StoredType.messageAboutUnnamed(type));
    } else {
      addType(where, type, stableName.apply(type), idOf(stableName.apply(type)));
      addSubtypes(where, type);
    }
  }

  private void addSubtypes(String where, Class<?> type) {
    if (type.isSealed() && !type.isEnum()) {
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        boolean isOpen = !permitted.isSealed() && Modifier.isAbstract(permitted.getModifiers());
        if (!isOpen) {
          add(where, permitted);
        }
      }
    }
  }

  /**
   * Refuses abstract classes that may have any subclass, and of which none is known: no value of
   * theirs can be stored.
   */
  private void checkOpen() {
    abstracts.forEach(
        (type, where) -> {
          if (!type.isSealed() && classes.stream().noneMatch(type::isAssignableFrom)) {
            fault(
                where,
                (type.isInterface() ? "interface " : "class ")
                    + type.getName()
                    + " is abstract and not sealed: make it sealed, or add the classes of its"
                    + " objects with ActorOptions.stores");
          }
        });
  }

  private void addType(String where, Class<?> type, String name, int id) {
    int storedId = idOf(name);
    for (StoredType other : types) {
      if (other.id() == storedId) {
        fault(
            where,
            "classes "
                + other.type().getName()
                + " and "
                + type.getName()
                + " have the same id in stored bytes, by the names "
                + names.get(storedId)
                + " and "
                + name
                + ": one must have another name");
        return;
      }
    }
    try {
      types.add(new StoredType(type, storedId, serializerOf(type, name, storedId, id)));
      names.put(storedId, name);
    } catch (IllegalArgumentException e) {
      fault(where, String.valueOf(e.getMessage()));
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
    for (Shape.Slot slot : shape.slots()) {
      add(shape.nameOf(slot), slot.type());
    }
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      if (c.getGenericSuperclass() instanceof ParameterizedType base) {
        for (Type argument : base.getActualTypeArguments()) {
          add("class " + type.getName(), argument); // the type of a field of the base class
        }
      }
    }
    return new ShapeSerializer(shape, storedId, name, migration);
  }

  private boolean hasType(Class<?> type) {
    return types.stream().anyMatch(stored -> stored.type() == type);
  }

  private void addMigrated(Class<?> type) {
    add("", type);
    if (!classes.contains(type) || type.isArray()) {
      fault(
          "", "class " + type.getName() + " cannot be migrated to: it is no record, class or enum");
    }
  }

  /** Adds the type of an older name of a class, and those of the arrays of the class. */
  private void addOlder(String olderName, Class<?> type) {
    if (!classes.contains(type)) {
      fault("", "class " + type.getName() + " cannot have the older name " + olderName);
    } else if (hasType(type)) {
      addType("", type, olderName, idOf(stableName.apply(type)));
      for (Class<?> array : List.copyOf(classes)) {
        if (array.isArray() && array.getComponentType() == type) {
          String name = "[L" + olderName + ";";
          addType("", array, name, idOf(name));
        }
      }
    }
  }
}
