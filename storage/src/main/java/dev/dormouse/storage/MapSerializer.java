package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.UnaryOperator;

/**
 * Writes a map as the number of its entries, and of each the key and the value with their classes.
 */
final class MapSerializer extends Serializer<Map<?, ?>> {
  private final UnaryOperator<Map<Object, Object>> maker;

  /** With what makes the map of its entries; it may keep the map it is given. */
  MapSerializer(UnaryOperator<Map<Object, Object>> maker) {
    this.maker = maker;
  }

  @Override
  public void write(Kryo kryo, Output out, Map<?, ?> map) {
    if (map instanceof SortedMap<?, ?> sorted && sorted.comparator() != null) {
      throw new StoredValueException("a sorted map with a comparator cannot be stored", null);
    }
    List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
    out.writeVarInt(entries.size(), true);
    for (Map.Entry<?, ?> entry : entries) {
      kryo.writeClassAndObject(out, entry.getKey());
      kryo.writeClassAndObject(out, entry.getValue());
    }
  }

  @Override
  public Map<?, ?> read(Kryo kryo, Input input, Class<? extends Map<?, ?>> type) {
    int count = ((ValueInput) input).readCount();
    Map<Object, Object> entries = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      Object key = kryo.readClassAndObject(input);
      entries.put(key, kryo.readClassAndObject(input));
    }
    if (entries.size() != count) {
      throw new KryoException("a map has the same key twice");
    }
    return maker.apply(entries);
  }
}
