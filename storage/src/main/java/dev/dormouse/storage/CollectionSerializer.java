package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;

/**
 * Writes a collection as the number of its elements and each with its class.
 *
 * <p>Nothing is made of the size that the number claims: bytes of bad will would take all memory.
 */
final class CollectionSerializer extends Serializer<Collection<?>> {
  /** Makes the collection of its elements; may keep the list. */
  interface Maker {
    Collection<?> make(List<Object> elements);
  }

  private final Maker maker;

  CollectionSerializer(Maker maker) {
    this.maker = maker;
  }

  @Override
  public void write(Kryo kryo, Output out, Collection<?> collection) {
    if (collection instanceof SortedSet<?> sorted && sorted.comparator() != null) {
      throw new StoredValueException("a sorted set with a comparator cannot be stored", null);
    }
    Object[] elements = collection.toArray();
    out.writeVarInt(elements.length, true);
    for (Object element : elements) {
      kryo.writeClassAndObject(out, element);
    }
  }

  @Override
  public Collection<?> read(Kryo kryo, Input input, Class<? extends Collection<?>> type) {
    int count = ((ValueInput) input).readCount();
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      elements.add(kryo.readClassAndObject(input));
    }
    return maker.make(elements);
  }
}
