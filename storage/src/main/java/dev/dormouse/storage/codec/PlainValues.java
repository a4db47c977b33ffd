package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.lang.reflect.Array;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns stored bytes into lists, maps, texts and numbers, as {@link ValueCodec#describe} promises.
 * No class of the user's is needed, because the bytes name the fields.
 */
final class PlainValues {
  private static final String CLASS = "@class";
  static final String UNREADABLE = "@unreadable";
  private static final String HEX = "@hex";

  /** The description of an empty optional. */
  private static final Object NOTHING = Map.of();

  private static final List<StoredType> TYPES =
      BuiltInTypes.all().stream()
          .map(type -> new StoredType(type.type(), type.id(), plain(type.serializer())))
          .toList();

  private PlainValues() {}

  /** The one Kryo, which is expensive to make and is used by one thread at a time. */
  private static final ValueKryo kryo = new ValueKryo(TYPES);

  /**
   * Describes the value that the bytes hold.
   *
   * @param names the names of classes by their ids; an id without a name is shown as a number
   */
  static synchronized Object of(byte[] bytes, Map<Integer, String> names) {
    ValueInput in = new ValueInput();
    in.setBuffer(bytes);
    try {
      KryoCodec.begin(in);
      ShapeTable.read(in, Map.of(), kryo);
      kryo.setLenient(true);
      kryo.setNames(names);
      Object plain = plain(KryoCodec.end(in, kryo.readClassAndObject(in)));
      return plain == null ? NOTHING : plain;
    } catch (RuntimeException | StackOverflowError e) {
      return ValueCodec.unreadable(e, bytes);
    } finally {
      kryo.clear();
    }
  }

  /** Describes bytes by their hexadecimal digits. */
  static Map<String, String> hexOf(byte[] bytes) {
    return Map.of(HEX, HexFormat.of().formatHex(bytes));
  }

  private static @Nullable Object plain(@Nullable Object value) {
    if (value == null || value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Double || value instanceof Float) {
      double number = ((Number) value).doubleValue();
      return Double.isFinite(number) ? value : value.toString();
    }
    if (value instanceof Byte
        || value instanceof Short
        || value instanceof Integer
        || value instanceof Long) {
      return value;
    }
    if (value instanceof StoredObject object) {
      return fields(object);
    }
    if (value instanceof StoredConstant constant) {
      return constant.name();
    }
    if (value instanceof Enum<?> constant) {
      return constant.name();
    }
    if (value instanceof byte[] bytes) {
      return hexOf(bytes);
    }
    if (value instanceof Optional<?> optional) {
      return plain(optional.orElse(null));
    }
    if (value instanceof Entries entries) {
      return entries(entries.list());
    }
    if (value instanceof Collection<?> elements) {
      List<@Nullable Object> list = new ArrayList<>();
      elements.forEach(element -> list.add(plain(element)));
      return list;
    }
    if (value.getClass().isArray()) {
      List<@Nullable Object> list = new ArrayList<>();
      for (int i = 0; i < Array.getLength(value); i++) {
        list.add(plain(Array.get(value, i)));
      }
      return list;
    }
    return value.toString();
  }

  private static Map<String, @Nullable Object> fields(StoredObject object) {
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put(CLASS, object.className());
    object
        .slots()
        .forEach(
            (name, slot) ->
                shown.put(
                    name,
                    slot.fault() == null
                        ? plain(slot.value())
                        : ValueCodec.unreadable(slot.fault(), slot.chunk())));
    return shown;
  }

  private static Object entries(List<Map.Entry<@Nullable Object, @Nullable Object>> entries) {
    Map<String, @Nullable Object> byText = new LinkedHashMap<>();
    List<List<@Nullable Object>> pairs = new ArrayList<>();
    for (Map.Entry<@Nullable Object, @Nullable Object> entry : entries) {
      Object key = plain(entry.getKey());
      Object value = plain(entry.getValue());
      if (key instanceof String text) {
        byText.put(text, value);
      }
      List<@Nullable Object> pair = new ArrayList<>();
      pair.add(key);
      pair.add(value);
      pairs.add(pair);
    }
    return byText.size() == pairs.size() ? byText : pairs;
  }

  /** The entries of a stored map, in the order in which they were stored. */
  private record Entries(List<Map.Entry<@Nullable Object, @Nullable Object>> list) {}

  /** Returns the serializer that reads the same bytes without the classes of enums. */
  private static Serializer<?> plain(Serializer<?> serializer) {
    if (serializer instanceof ContainerSerializers.OfCollection) {
      return new ContainerSerializers.OfCollection(elements -> elements);
    }
    if (serializer instanceof ContainerSerializers.OfMap) {
      return new ReadOnly((kryo, in) -> readEntries(kryo, in, () -> kryo.readClassAndObject(in)));
    }
    if (serializer instanceof ContainerSerializers.OfEnumMap) {
      return new ReadOnly(
          (kryo, in) -> {
            in.readVarInt(true); // the enum
            return readEntries(kryo, in, in::readString);
          });
    }
    return serializer instanceof ContainerSerializers.OfEnumSet
        ? new ReadOnly((kryo, in) -> readConstants(in))
        : serializer;
  }

  private static Entries readEntries(
      ValueKryo kryo, ValueInput in, Supplier<@Nullable Object> keys) {
    int count = in.readCount();
    List<Map.Entry<@Nullable Object, @Nullable Object>> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Object key = keys.get();
      entries.add(new SimpleEntry<>(key, kryo.readClassAndObject(in)));
    }
    return new Entries(entries);
  }

  private static List<@Nullable Object> readConstants(ValueInput in) {
    in.readVarInt(true); // the enum
    int count = in.readCount();
    List<@Nullable Object> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(in.readString());
    }
    return names;
  }

  /** A serializer that only reads. */
  private static final class ReadOnly extends Serializer<Object> {
    private final BiFunction<ValueKryo, ValueInput, Object> reader;

    ReadOnly(BiFunction<ValueKryo, ValueInput, Object> reader) {
      this.reader = reader;
    }

    @Override
    public void write(Kryo kryo, Output out, Object value) {
      throw new IllegalStateException("plain values are read only");
    }

    @Override
    public Object read(Kryo kryo, Input in, Class<?> type) {
      return reader.apply((ValueKryo) kryo, (ValueInput) in);
    }
  }
}
