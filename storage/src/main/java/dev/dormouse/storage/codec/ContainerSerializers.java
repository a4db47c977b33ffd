package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The stored forms of arrays, collections and maps: a count, then the elements or entries, each
 * with its class.
 *
 * <p>A reader allocates nothing by the count that the bytes claim, because hostile bytes could
 * claim all memory: lists grow as elements arrive.
 */
final class ContainerSerializers {
  private ContainerSerializers() {}

  /** Reads a count and as many elements, each with its class. */
  static List<@Nullable Object> readElements(Kryo kryo, ValueInput in) {
    int count = in.readCount();
    List<@Nullable Object> elements = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      elements.add(kryo.readClassAndObject(in));
    }
    return elements;
  }

  private static void writeElements(Kryo kryo, Output out, Object[] elements) {
    out.writeVarInt(elements.length, true);
    for (Object element : elements) {
      kryo.writeClassAndObject(out, element);
    }
  }

  /** The form of an array of objects. */
  static final class OfArray extends Serializer<Object[]> {
    private final Class<?> elementType;

    OfArray(Class<?> elementType) {
      this.elementType = elementType;
    }

    @Override
    public void write(Kryo kryo, Output out, Object[] array) {
      writeElements(kryo, out, array);
    }

    @Override
    public Object[] read(Kryo kryo, Input input, Class<? extends Object[]> type) {
      return readElements(kryo, (ValueInput) input)
          .toArray((Object[]) Array.newInstance(elementType, 0));
    }
  }

  /** The form of a collection. */
  static final class OfCollection extends Serializer<Collection<?>> {
    private final Function<List<Object>, Collection<?>> maker;

    /**
     * Creates the form of one class of collections.
     *
     * @param maker makes the collection of its elements, and may keep the list it is given
     */
    OfCollection(Function<List<Object>, Collection<?>> maker) {
      this.maker = maker;
    }

    @Override
    public void write(Kryo kryo, Output out, Collection<?> collection) {
      if (collection instanceof SortedSet<?> sorted && sorted.comparator() != null) {
        throw new StoredValueException("a sorted set with a comparator cannot be stored", null);
      }
      writeElements(kryo, out, collection.toArray());
    }

    @Override
    public Collection<?> read(Kryo kryo, Input input, Class<? extends Collection<?>> type) {
      return maker.apply(readElements(kryo, (ValueInput) input));
    }
  }

  /** The form of a map: each entry is its key, then its value. */
  static final class OfMap extends Serializer<Map<?, ?>> {
    private final UnaryOperator<Map<Object, Object>> maker;

    /**
     * Creates the form of one class of maps.
     *
     * @param maker makes the map of its entries, and may keep the map it is given
     */
    OfMap(UnaryOperator<Map<Object, Object>> maker) {
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

  /** The form of a set of constants: the enum's class, the count, and the constants' names. */
  @SuppressWarnings({"unchecked", "rawtypes"}) // the enum is known at run time only
  static final class OfEnumSet extends Serializer<EnumSet> {

    @Override
    public void write(Kryo kryo, Output out, EnumSet set) {
      // A set does not tell its enum, but a constant does, of the set or of its complement.
      EnumSet some = set.isEmpty() ? EnumSet.complementOf(set) : set;
      if (some.isEmpty()) {
        throw new StoredValueException("a set of an enum without constants cannot be stored", null);
      }
      kryo.writeClass(out, ((Enum<?>) some.iterator().next()).getDeclaringClass());
      out.writeVarInt(set.size(), true);
      for (Object constant : set) {
        out.writeString(((Enum<?>) constant).name());
      }
    }

    @Override
    public EnumSet read(Kryo kryo, Input input, Class<? extends EnumSet> type) {
      EnumSerializer constants = EnumSerializer.ofClassIn(kryo, input);
      int count = ((ValueInput) input).readCount();
      EnumSet set = EnumSet.noneOf((Class) constants.type());
      for (int i = 0; i < count; i++) {
        set.add(constants.read(input));
      }
      return set;
    }
  }

  /**
   * The form of a map whose keys are constants: the enum's class, the count, and for each entry the
   * constant's name and the value.
   */
  @SuppressWarnings({"unchecked", "rawtypes"}) // the enum is known at run time only
  static final class OfEnumMap extends Serializer<EnumMap> {

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
      // An empty map does not tell its enum, but it accepts the constants of no other enum.
      for (EnumSerializer candidate : kryo.enums()) {
        if (candidate.any().isPresent() && accepts(map, candidate.any().get())) {
          return candidate.type();
        }
      }
      throw new StoredValueException("an empty EnumMap of an enum that was not named", null);
    }

    private static boolean accepts(EnumMap map, Enum<?> constant) {
      try {
        map.clone().put(constant, null);
        return true;
      } catch (ClassCastException e) {
        return false;
      }
    }
  }
}
