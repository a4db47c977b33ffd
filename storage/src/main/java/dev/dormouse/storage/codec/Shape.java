package dev.dormouse.storage.codec;

import dev.dormouse.sdk.StoredValueException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A user's class as a list of named slots: the components of a record, or the fields of another
 * class. {@link #of} finds the slots by reflection.
 */
final class Shape {
  /** The mark in place of a slot's value that the stored bytes do not have. */
  static final Object ABSENT = new Object();

  private static final int ENTRY_BYTES_FIRST = 128;

  private final Class<?> type;
  private final int id;
  private final List<Slot> slots;
  private final Maker maker;
  private final byte[] entry;
  private final Layout current;

  private Shape(Class<?> type, int id, List<Slot> slots, Maker maker) {
    this.type = type;
    this.id = id;
    this.slots = List.copyOf(slots);
    this.maker = maker;
    List<String> names = slots.stream().map(Slot::name).toList();
    this.entry = entryOf(id, names);
    this.current =
        new Layout(names, IntStream.range(0, names.size()).toArray(), /* isCurrent= */ true);
  }

  /**
   * Finds the shape of a record, or of a class that has a constructor without parameters.
   *
   * @throws IllegalArgumentException if the class is neither, or its parts are not accessible
   */
  static Shape of(Class<?> type, int id) {
    try {
      return type.isRecord() ? ofRecord(type, id) : ofClass(type, id);
    } catch (RuntimeException e) {
      if (e instanceof IllegalArgumentException) {
        throw e;
      }
      // setAccessible throws for a class in a module that is not open to this one.
      throw new IllegalArgumentException(
          type.getName()
              + " cannot be stored: its parts are not accessible; open its package in its module",
          e);
    }
  }

  private static Shape ofRecord(Class<?> type, int id) {
    RecordComponent[] components = type.getRecordComponents();
    List<Slot> slots = new ArrayList<>();
    Class<?>[] parameters = new Class<?>[components.length];
    @Nullable Object[] defaults = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      slots.add(new Slot(component.getName(), component.getGenericType(), accessor::invoke));
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
            if (arguments[i] == ABSENT) {
              arguments[i] = defaults[i];
            }
          }
          return constructor.newInstance(arguments);
        });
  }

  private static Shape ofClass(Class<?> type, int id) {
    Constructor<?> constructor = constructorOf(type);
    List<Field> fields = fieldsOf(type);
    List<Slot> slots = new ArrayList<>();
    for (Field field : fields) {
      slots.add(new Slot(field.getName(), field.getGenericType(), field::get));
    }
    return new Shape(
        type,
        id,
        slots,
        values -> {
          Object made = constructor.newInstance();
          for (int i = 0; i < values.length; i++) {
            if (values[i] != ABSENT) {
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
              + " cannot be stored: it is no record and has no constructor without parameters;"
              + " make it a record or give it one",
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
        if (StoredType.isOfJdk(c)) {
          throw new IllegalArgumentException(
              "class "
                  + type.getName()
                  + " cannot be stored: it extends "
                  + c.getName()
                  + "; hold that in a field instead");
        }
        if (!names.add(field.getName())) {
          throw new IllegalArgumentException(
              "class "
                  + type.getName()
                  + " cannot be stored: it has two fields "
                  + field.getName()
                  + "; rename one of them");
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

  private static byte[] entryOf(int id, List<String> names) {
    ValueOutput out = new ValueOutput();
    out.setBuffer(new byte[ENTRY_BYTES_FIRST], -1);
    out.writeVarInt(id, true);
    out.writeVarInt(names.size(), true);
    names.forEach(out::writeString);
    return out.toBytes();
  }

  Class<?> type() {
    return type;
  }

  int id() {
    return id;
  }

  List<Slot> slots() {
    return slots;
  }

  /** Returns the index of the slot with a name, or -1 if the class has no such slot. */
  int indexOf(@Nullable String name) {
    for (int i = 0; i < slots.size(); i++) {
      if (slots.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns the layout of the objects that this shape writes. */
  Layout current() {
    return current;
  }

  /** Returns the layout of objects that were stored with slots of these names. */
  Layout layoutOf(List<String> names) {
    int[] plan = names.stream().mapToInt(this::indexOf).toArray();
    boolean isCurrent =
        plan.length == slots.size() && Arrays.stream(plan).allMatch(slot -> slot >= 0);
    return new Layout(names, plan, isCurrent);
  }

  /**
   * Returns the entry that describes this shape in a {@link ShapeTable}: the id, the number of
   * slots, and their names. The array must not be changed.
   */
  byte[] entry() {
    return entry;
  }

  /**
   * Reads the value of a slot from an object.
   *
   * @throws StoredValueException if the accessor throws; the message names the slot
   */
  @Nullable Object read(Slot slot, Object owner) {
    try {
      return slot.reader().read(owner);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new StoredValueException(nameOf(slot) + " cannot be read: " + reasonOf(e), e);
    }
  }

  /**
   * Makes an object of values, one for each slot.
   *
   * @throws StoredValueException if the constructor or a field refuses them
   */
  Object make(@Nullable Object[] values) {
    try {
      return maker.make(values);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new StoredValueException(
          type.getName() + " cannot be made of what is stored: " + reasonOf(e), e);
    }
  }

  /** Returns the name of a slot for messages, with its class. */
  String nameOf(Slot slot) {
    return nameOf(slot.name());
  }

  /** Returns the name, for messages, of a slot that the class has or once had. */
  String nameOf(String slot) {
    return type.isRecord()
        ? "record " + type.getName() + ", component " + slot
        : "class " + type.getName() + ", field " + slot;
  }

  private static String reasonOf(Exception e) {
    Throwable cause = e.getCause();
    return (cause == null ? e : cause).toString();
  }

  /**
   * A component of a record, or a field of another class.
   *
   * @param name the name, by which stored bytes find the slot
   * @param type the declared type
   * @param reader reads the slot's value from an object
   */
  record Slot(String name, Type type, Reader reader) {}

  /** Reads the value of a slot from an object. */
  interface Reader {
    @Nullable Object read(Object owner) throws ReflectiveOperationException;
  }

  /** Makes an object of a value for each slot; a value may be {@link #ABSENT}. */
  interface Maker {
    Object make(@Nullable Object[] values) throws ReflectiveOperationException;
  }

  /**
   * The order in which the bytes at hand hold the slots of a class's objects.
   *
   * @param names the names of the slots, in the order in which they were stored
   * @param plan for each stored slot, the index of the slot that it fills today, or -1; empty if
   *     the class is unknown
   * @param isCurrent whether the names are those of today's slots, in any order
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Layout(List<String> names, int[] plan, boolean isCurrent) {

    /** Returns the layout of the objects of an unknown class. */
    static Layout ofUnknownClass(List<String> names) {
      return new Layout(names, new int[0], false);
    }
  }
}
