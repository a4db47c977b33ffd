package dev.dormouse.storage.codec;

import dev.dormouse.sdk.StoredFields;
import dev.dormouse.sdk.StoredValueException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A stand-in for a stored object: the values of its slots by name, for a migration or for people to
 * look at. Each slot is a chunk of its own, so a slot that cannot be read does not affect the
 * others.
 */
final class StoredObject implements StoredFields {
  private static final byte[] NONE = {};

  private final String className;
  private final Map<String, Slot> slots;

  private StoredObject(String className, Map<String, Slot> slots) {
    this.className = className;
    this.slots = slots;
  }

  /**
   * A stored slot, with its value or the reason why the value cannot be read.
   *
   * @param value the value; null if null was stored, or the value cannot be read
   * @param fault the reason why the value cannot be read; null if it can
   * @param hasStandIns whether the value contains stand-ins for objects of unknown classes
   * @param chunk the stored bytes if they cannot be read; empty otherwise
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Slot(
      @Nullable Object value,
      @Nullable RuntimeException fault,
      boolean hasStandIns,
      byte[] chunk) {}

  /** Wraps a value that has no fields, such as a text or a constant. */
  static StoredObject ofValue(String className, Object value) {
    return new StoredObject(className, Map.of(VALUE, new Slot(value, null, false, NONE)));
  }

  /** Reads the slots of an object; objects of unknown classes inside become stand-ins. */
  static StoredObject read(ValueKryo kryo, ValueInput in, String className, Shape.Layout stored) {
    Map<String, Slot> slots = new LinkedHashMap<>();
    boolean wasLenient = kryo.setLenient(true);
    try {
      for (String name : stored.names()) {
        int length = in.readCount();
        int end = in.position() + length;
        slots.put(name, slot(kryo, in, end));
        in.setPosition(end);
      }
    } finally {
      kryo.setLenient(wasLenient);
    }
    return new StoredObject(className, slots);
  }

  private static Slot slot(ValueKryo kryo, ValueInput in, int end) {
    int limit = in.limit();
    int start = in.position();
    int before = kryo.standIns();
    in.setLimit(end);
    try {
      Object value = kryo.readClassAndObject(in);
      if (in.position() != end) {
        throw new StoredValueException(in.remaining() + " bytes are left over", null);
      }
      return new Slot(value, null, kryo.standIns() > before, NONE);
    } catch (RuntimeException e) {
      kryo.fault(e);
      return new Slot(null, e, false, Arrays.copyOfRange(in.getBuffer(), start, end));
    } finally {
      in.setLimit(limit);
    }
  }

  @Override
  public String className() {
    return className;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(slots.keySet());
  }

  /** Returns the slots by name, in the order in which they were stored. */
  Map<String, Slot> slots() {
    return slots;
  }

  @Override
  @SuppressWarnings("unchecked") // for a primitive type, its box is what the caller gets
  public <T> Optional<T> get(String name, Class<T> type) {
    Slot slot = slots.get(name);
    if (slot == null) {
      return Optional.empty();
    }
    String where = "class " + className + ", field " + name;
    if (slot.fault() != null) {
      throw new StoredValueException(where + ": " + slot.fault().getMessage(), slot.fault());
    }
    Object value = slot.value();
    if (type == String.class && value instanceof Enum<?> constant) {
      value = constant.name();
    } else if (type == String.class && value instanceof StoredConstant constant) {
      value = constant.name();
    }
    if (value == null) {
      return Optional.empty();
    }
    Class<?> boxed = TypeFit.boxed(type);
    if (!boxed.isInstance(value)) {
      throw new StoredValueException(
          where + ": stored " + TypeFit.nameOf(value) + ", wanted " + type.getTypeName(), null);
    }
    return Optional.of((T) value);
  }

  @Override
  public String toString() {
    return className + names();
  }
}
