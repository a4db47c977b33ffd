package dev.dormouse.storage;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the shape of a class by reflection. */
final class Shapes {
  private Shapes() {}

  /**
   * The shape of a record, or of a class with a constructor without parameters.
   *
   * @throws IllegalArgumentException if it is neither, or hides its parts
   */
  static Shape of(Class<?> type, int id) {
    try {
      return type.isRecord() ? ofRecord(type, id) : ofClass(type, id);
    } catch (RuntimeException e) {
      if (e instanceof IllegalArgumentException) {
        throw e;
      }
      // Thrown by setAccessible, for a class in a module that is not open to us.
      throw new IllegalArgumentException(
          type.getName() + " cannot be stored: its parts are not accessible", e);
    }
  }

  private static Shape ofRecord(Class<?> type, int id) {
    RecordComponent[] components = type.getRecordComponents();
    List<Shape.Slot> slots = new ArrayList<>();
    Class<?>[] parameters = new Class<?>[components.length];
    @Nullable Object[] defaults = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      slots.add(new Shape.Slot(component.getName(), component.getGenericType(), accessor::invoke));
      parameters[i] = component.getType();
      defaults[i] = zeroOf(component.getType());
    }
    Constructor<?> constructor = constructorOf(type, parameters);
    return new Shape(
        type,
        id,
        slots,
        values -> {
          @Nullable Object[] arguments = values.clone();
          for (int i = 0; i < arguments.length; i++) {
            if (arguments[i] == Shape.ABSENT) {
              arguments[i] = defaults[i];
            }
          }
          return constructor.newInstance(arguments);
        });
  }

  private static Shape ofClass(Class<?> type, int id) {
    Constructor<?> constructor = constructorOf(type);
    List<Field> fields = fieldsOf(type);
    List<Shape.Slot> slots = new ArrayList<>();
    for (Field field : fields) {
      slots.add(new Shape.Slot(field.getName(), field.getGenericType(), field::get));
    }
    return new Shape(
        type,
        id,
        slots,
        values -> {
          Object made = constructor.newInstance();
          for (int i = 0; i < values.length; i++) {
            if (values[i] != Shape.ABSENT) {
              fields.get(i).set(made, values[i]);
            }
          }
          return made;
        });
  }

  private static Constructor<?> constructorOf(Class<?> type, Class<?>... parameters) {
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(parameters);
      constructor.setAccessible(true);
      return constructor;
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(
          "class "
              + type.getName()
              + " cannot be stored: it is no record and has no constructor without parameters",
          e);
    }
  }

  private static List<Field> fieldsOf(Class<?> type) {
    List<Field> fields = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      Field[] declared = c.getDeclaredFields();
      // Reflection promises no order, and equal values should have equal bytes.
      Arrays.sort(declared, (a, b) -> a.getName().compareTo(b.getName()));
      for (Field field : declared) {
        if (Modifier.isStatic(field.getModifiers()) || Modifier.isTransient(field.getModifiers())) {
          continue;
        }
        if (NamedClasses.isOfJdk(c)) {
          throw new IllegalArgumentException(
              "class " + type.getName() + " cannot be stored: it extends " + c.getName());
        }
        if (!names.add(field.getName())) {
          throw new IllegalArgumentException(
              "class "
                  + type.getName()
                  + " cannot be stored: it has two fields "
                  + field.getName());
        }
        field.setAccessible(true);
        fields.add(field);
      }
    }
    return fields;
  }

  private static @Nullable Object zeroOf(Class<?> type) {
    return type.isPrimitive() ? Array.get(Array.newInstance(type, 1), 0) : null;
  }
}
