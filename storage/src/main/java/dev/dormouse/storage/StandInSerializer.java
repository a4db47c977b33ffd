package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is of a class that is not known: an object with fields as {@link StoredObject}, an
 * enum's constant as {@link StoredConstant}, an array as a list.
 *
 * <p>The bytes say which classes have fields. Of the others they do not say whether they are enums
 * or arrays; what reads as the name of a constant is taken for one.
 */
final class StandInSerializer extends Serializer<Object> {
  private final int id;

  StandInSerializer(int id) {
    this.id = id;
  }

  @Override
  public void write(Kryo kryo, Output output, Object object) {
    throw new IllegalStateException("a stand-in is read only");
  }

  @Override
  public Object read(Kryo kryo, Input input, Class<?> type) {
    ValueKryo values = (ValueKryo) kryo;
    ValueInput in = (ValueInput) input;
    values.standIn();
    StoredSlots slots = values.slotsOf(id, in);
    if (slots != null) {
      return StoredObject.read(values, in, values.nameOf(id), slots);
    }
    int start = in.position();
    String name = constantIn(in);
    if (name != null) {
      return new StoredConstant(name);
    }
    in.setPosition(start);
    int count = in.readCount();
    List<@Nullable Object> elements = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      elements.add(values.readClassAndObject(in));
    }
    return elements;
  }

  /** The name of a constant, if that is what comes next. */
  private static @Nullable String constantIn(ValueInput in) {
    int head = in.readVarInt(true);
    int length = head >>> 1;
    boolean isText = (head & 1) == 1 && length > 0 && length <= in.remaining();
    if (!isText) {
      return null;
    }
    String name = new String(in.readBytes(length), StandardCharsets.UTF_8);
    boolean isName =
        Character.isJavaIdentifierStart(name.codePointAt(0))
            && name.codePoints().allMatch(Character::isJavaIdentifierPart);
    return isName ? name : null;
  }
}
