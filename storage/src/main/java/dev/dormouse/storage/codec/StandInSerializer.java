package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects of unknown classes as stand-ins: an object with fields as a {@link StoredObject},
 * an enum's constant as a {@link StoredConstant}, and an array as a list.
 *
 * <p>The bytes say which classes have fields. They do not tell enums from arrays, so bytes that
 * read as the name of a constant are taken for a constant.
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
    Shape.Layout layout = values.layoutOf(id, in);
    if (layout != null) {
      return StoredObject.read(values, in, values.nameOf(id), layout);
    }
    int start = in.position();
    String name = constantIn(in);
    if (name != null) {
      return new StoredConstant(name);
    }
    in.setPosition(start);
    return ContainerSerializers.readElements(values, in);
  }

  /** Reads the name of a constant; returns null if the next bytes are no name. */
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
