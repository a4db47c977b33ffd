package dev.dormouse.storage;

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
 * An object as its stored slots. One that cannot be read does not keep the others from being read:
 * each is a chunk of its own.
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
   * What was read of a slot.
   *
   * @param value its value; null if that is null, or there is a fault
   * @param fault why it cannot be read; null if it can
   * @param hasStandIns whether something inside is of a class that is not known
   * @param chunk the bytes, if they cannot be read; else empty
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Slot(
      @Nullable Object value,
      @Nullable RuntimeException fault,
      boolean hasStandIns,
      byte[] chunk) {}

  /** Of a value that is no object with fields. */
  static StoredObject ofValue(String className, Object value) {
    return new StoredObject(className, Map.of(VALUE, new Slot(value, null, false, NONE)));
  }

  /** Reads the chunks of an object; what is of a class that is not known becomes a stand-in. */
  static StoredObject read(ValueKryo kryo, ValueInput in, String className, StoredSlots stored) {
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

  /** What was read of each slot. */
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
