package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes an object as its slots, each a chunk that holds the class of the value and the value. What
 * each chunk is called is in the {@link ShapeTable} at the head of the value.
 *
 * <p>Kryo's own serializers go by order for records, and read other values without a word once the
 * components have changed.
 */
final class ShapeSerializer extends Serializer<Object> {
  private final Shape shape;

  ShapeSerializer(Shape shape) {
    this.shape = shape;
  }

  Shape shape() {
    return shape;
  }

  @Override
  public void write(Kryo kryo, Output output, Object object) {
    ((ValueKryo) kryo).use(shape);
    ValueOutput out = (ValueOutput) output;
    for (Shape.Slot slot : shape.slots()) {
      Object value = shape.read(slot, object);
      int start = out.beginChunk();
      kryo.writeClassAndObject(out, value);
      out.endChunk(start);
    }
  }

  @Override
  public Object read(Kryo kryo, Input input, Class<?> type) {
    ValueInput in = (ValueInput) input;
    int[] plan = ((ValueKryo) kryo).planOf(shape);
    if (plan == null) {
      throw new KryoException("class " + shape.type().getName() + " is not described");
    }
    @Nullable Object[] values = new Object[shape.slots().size()];
    Arrays.fill(values, Shape.ABSENT);
    for (int slot : plan) {
      int length = in.readCount();
      int end = in.position() + length;
      if (slot >= 0) {
        values[slot] = read(kryo, in, end, shape.slots().get(slot));
      }
      in.setPosition(end);
    }
    return shape.make(values);
  }

  private @Nullable Object read(Kryo kryo, ValueInput in, int end, Shape.Slot slot) {
    int limit = in.limit();
    in.setLimit(end);
    Object value;
    try {
      value = kryo.readClassAndObject(in);
    } catch (KryoException e) {
      throw new StoredValueException(shape.nameOf(slot) + ": " + e.getMessage(), e);
    }
    if (in.position() != end) {
      throw new KryoException(shape.nameOf(slot) + ": " + in.remaining() + " bytes are left over");
    }
    in.setLimit(limit);
    String misfit = TypeFit.misfit(slot.type(), value);
    if (misfit != null) {
      throw new StoredValueException(shape.nameOf(slot) + ": " + misfit, null);
    }
    return value;
  }
}
