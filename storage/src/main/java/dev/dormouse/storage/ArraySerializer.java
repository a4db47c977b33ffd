package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;

/** Writes an array of objects as the number of its elements and each with its class. */
final class ArraySerializer extends Serializer<Object[]> {
  private final Class<?> elementType;

  ArraySerializer(Class<?> elementType) {
    this.elementType = elementType;
  }

  @Override
  public void write(Kryo kryo, Output out, Object[] array) {
    out.writeVarInt(array.length, true);
    for (Object element : array) {
      kryo.writeClassAndObject(out, element);
    }
  }

  @Override
  public Object[] read(Kryo kryo, Input input, Class<? extends Object[]> type) {
    int count = ((ValueInput) input).readCount();
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      elements.add(kryo.readClassAndObject(input));
    }
    return elements.toArray((Object[]) Array.newInstance(elementType, 0));
  }
}
