package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The stored form of an enum's constant: its name, which stays when the constants' order changes.
 */
final class EnumSerializer extends Serializer<Object> {
  private final Class<?> type;
  private final @Nullable Migration migration;
  private final Map<String, Enum<?>> constants = new HashMap<>();

  EnumSerializer(Class<?> type) {
    this(type, null);
  }

  /**
   * Creates the stored form of an enum's constants.
   *
   * @param migration makes constants of names that the enum does not have; null if none is given
   */
  EnumSerializer(Class<?> type, @Nullable Migration migration) {
    super(false, true);
    this.type = type;
    this.migration = migration;
    for (Object constant : type.getEnumConstants()) {
      Enum<?> named = (Enum<?>) constant;
      constants.put(named.name(), named);
    }
  }

  Class<?> type() {
    return type;
  }

  /** Returns one of the constants; empty if the enum has none. */
  Optional<Enum<?>> any() {
    return constants.values().stream().findAny();
  }

  @Override
  public void write(Kryo kryo, Output out, Object constant) {
    out.writeString(((Enum<?>) constant).name());
  }

  @Override
  public Object read(Kryo kryo, Input in, Class<?> ignored) {
    String name = in.readString();
    Enum<?> constant = find(name);
    if (constant != null) {
      return constant;
    }
    ValueKryo values = (ValueKryo) kryo;
    if (name != null && values.isLenient()) {
      values.standIn();
      return new StoredConstant(name);
    }
    throw missing(name);
  }

  /**
   * Reads a constant.
   *
   * @throws StoredValueException if the enum has no constant of the stored name
   */
  Enum<?> read(Input in) {
    String name = in.readString();
    Enum<?> constant = find(name);
    if (constant == null) {
      throw missing(name);
    }
    return constant;
  }

  private @Nullable Enum<?> find(@Nullable String name) {
    Enum<?> constant = constants.get(name);
    return constant == null && name != null && migration != null
        ? (Enum<?>) migration.migrate(StoredObject.ofValue(type.getName(), name))
        : constant;
  }

  private StoredValueException missing(@Nullable String name) {
    return new StoredValueException(
        "enum " + type.getName() + " has no constant " + name + ", which is stored", null);
  }

  /**
   * Reads a class, which must be an enum, and returns the enum's serializer.
   *
   * @throws StoredValueException if the class is no enum
   */
  static EnumSerializer ofClassIn(Kryo kryo, Input in) {
    var registration = kryo.readClass(in);
    if (registration != null && registration.getSerializer() instanceof EnumSerializer found) {
      return found;
    }
    throw new StoredValueException("a class is stored where an enum was wanted", null);
  }
}
