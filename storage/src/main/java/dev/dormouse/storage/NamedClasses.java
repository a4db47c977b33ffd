package dev.dormouse.storage;

import com.esotericsoftware.kryo.Serializer;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Collection;
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

  private final Set<Class<?>> classes = new LinkedHashSet<>();
  private final List<StoredType> types = new ArrayList<>();

  private NamedClasses() {}

  /**
   * The types of the named classes.
   *
   * @param stableName the text that a class's id is made of
   * @throws IllegalArgumentException as {@link Codecs#kryo} says
   */
  static List<StoredType> of(Collection<Class<?>> named, Function<Class<?>, String> stableName) {
    NamedClasses all = new NamedClasses();
    named.forEach(all::add);
    Map<Integer, Class<?>> ids = new HashMap<>();
    for (Class<?> type : all.classes) {
      int id = idOf(stableName.apply(type));
      Class<?> other = ids.put(id, type);
      if (other != null) {
        throw new IllegalArgumentException(
            "classes "
                + other.getName()
                + " and "
                + type.getName()
                + " have the same id in stored bytes: one must have another name");
      }
      all.types.add(new StoredType(type, id, all.serializerOf(type, id)));
    }
    return List.copyOf(all.types);
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

  private Serializer<?> serializerOf(Class<?> type, int id) {
    if (type.isEnum()) {
      return new EnumSerializer(type);
    }
    if (type.isArray()) {
      return new ArraySerializer(type.getComponentType());
    }
    Shape shape = Shapes.of(type, id);
    for (Shape.Slot slot : shape.slots()) {
      checkNamed(shape.nameOf(slot), slot.type());
    }
    return new ShapeSerializer(shape);
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
