package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.EnumMap;
import java.util.Map;

/**
 * Writes a map by constants as the enum's class, the number of entries, and of each the constant's
 * name and the value.
 */
@SuppressWarnings({"unchecked", "rawtypes"}) // the enum is known at run time only
final class EnumMapSerializer extends Serializer<EnumMap> {

  @Override
  public void write(Kryo kryo, Output out, EnumMap map) {
    kryo.writeClass(out, enumOf(map, (ValueKryo) kryo));
    out.writeVarInt(map.size(), true);
    for (Map.Entry<Enum<?>, Object> entry : ((Map<Enum<?>, Object>) map).entrySet()) {
      out.writeString(entry.getKey().name());
      kryo.writeClassAndObject(out, entry.getValue());
    }
  }

  @Override
  public EnumMap read(Kryo kryo, Input input, Class<? extends EnumMap> type) {
    EnumSerializer constants = EnumSerializer.ofClassIn(kryo, input);
    int count = ((ValueInput) input).readCount();
    EnumMap map = new EnumMap((Class) constants.type());
    for (int i = 0; i < count; i++) {
      Enum<?> constant = constants.read(input);
      map.put(constant, kryo.readClassAndObject(input));
    }
    return map;
  }

  private static Class<?> enumOf(EnumMap map, ValueKryo kryo) {
    if (!map.isEmpty()) {
      return ((Enum<?>) map.keySet().iterator().next()).getDeclaringClass();
    }
    // An empty map does not tell its enum, but takes constants of no other.
    for (EnumSerializer candidate : kryo.enums()) {
      if (candidate.any().isPresent() && takes(map, candidate.any().get())) {
        return candidate.type();
      }
    }
    throw new StoredValueException("an empty EnumMap of an enum that was not named", null);
  }

  private static boolean takes(EnumMap map, Enum<?> constant) {
    try {
      map.clone().put(constant, null);
      return true;
    } catch (ClassCastException e) {
      return false;
    }
  }
}
