package dev.dormouse.storage;

import dev.dormouse.sdk.StoredValueException;
import java.lang.reflect.Type;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A class of the user's as a list of named slots: the components of a record, the fields of another
 * class.
 */
final class Shape {
  /** In place of the value of a slot that the bytes do not have. */
  static final Object ABSENT = new Object();

  private final Class<?> type;
  private final int id;
  private final List<Slot> slots;
  private final Maker maker;
  private final byte[] entry;
  private final StoredSlots current;

  Shape(Class<?> type, int id, List<Slot> slots, Maker maker) {
    this.type = type;
    this.id = id;
    this.slots = List.copyOf(slots);
    this.maker = maker;
    List<String> names = slots.stream().map(Slot::name).toList();
    this.entry = ShapeTable.entryOf(id, names);
    this.current =
        new StoredSlots(names, IntStream.range(0, names.size()).toArray(), /* isCurrent= */ true);
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

  /** The index of a slot; -1 if there is none of the name. */
  int indexOf(@Nullable String name) {
    for (int i = 0; i < slots.size(); i++) {
      if (slots.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** How its objects lie in bytes that were written by it. */
  StoredSlots current() {
    return current;
  }

  /** How a {@link ShapeTable} describes it. */
  byte[] entry() {
    return entry;
  }

  /** The value of a slot. */
  @Nullable Object read(Slot slot, Object owner) {
    try {
      return slot.reader().read(owner);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new StoredValueException(nameOf(slot) + " cannot be read: " + reasonOf(e), e);
    }
  }

  /** An object with these values, one for each slot. */
  Object make(@Nullable Object[] values) {
    try {
      return maker.make(values);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new StoredValueException(
          type.getName() + " cannot be made of what is stored: " + reasonOf(e), e);
    }
  }

  /** As a slot is called in messages. */
  String nameOf(Slot slot) {
    return nameOf(slot.name());
  }

  /** The same of a slot that it may have had once. */
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
   * A component or field.
   *
   * @param name its name, which stored bytes go by
   * @param type what it was declared as
   * @param reader takes its value from an object
   */
  record Slot(String name, Type type, Reader reader) {}

  /** Takes the value of a slot from an object. */
  interface Reader {
    @Nullable Object read(Object owner) throws ReflectiveOperationException;
  }

  /** Makes an object of a value for each slot, which may be {@link #ABSENT}. */
  interface Maker {
    Object make(@Nullable Object[] values) throws ReflectiveOperationException;
  }
}
