package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Writes a constant as its name: constants come, go and change places. */
final class EnumSerializer extends Serializer<Enum<?>> {
  private final Class<?> type;
  private final Map<String, Enum<?>> constants = new HashMap<>();

  EnumSerializer(Class<?> type) {
    super(false, true);
    this.type = type;
    for (Object constant : type.getEnumConstants()) {
      Enum<?> named = (Enum<?>) constant;
      constants.put(named.name(), named);
    }
  }

  Class<?> type() {
    return type;
  }

  /** One of the constants, if there are any. */
  Optional<Enum<?>> any() {
    return constants.values().stream().findAny();
  }

  @Override
  public void write(Kryo kryo, Output out, Enum<?> constant) {
    out.writeString(constant.name());
  }

  @Override
  public Enum<?> read(Kryo kryo, Input in, Class<? extends Enum<?>> ignored) {
    return read(in);
  }

  /** Reads a constant. */
  Enum<?> read(Input in) {
    String name = in.readString();
    Enum<?> constant = constants.get(name);
    if (constant == null) {
      throw new StoredValueException(
          "enum " + type.getName() + " has no constant " + name + ", which is stored", null);
    }
    return constant;
  }

  /**
   * Reads the class of an enum, and gives its serializer.
   *
   * @throws StoredValueException if it is another class
   */
  static EnumSerializer ofClassIn(Kryo kryo, Input in) {
    var registration = kryo.readClass(in);
    if (registration != null && registration.getSerializer() instanceof EnumSerializer found) {
      return found;
    }
    throw new StoredValueException("a class is stored where an enum was wanted", null);
  }
}
