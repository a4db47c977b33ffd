package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes an object as its slots, each a chunk that holds the class of the value and the value. What
 * each chunk is called is in the {@link ShapeTable} at the head of the value.
 *
 * <p>Kryo's own serializers go by order for records, and read other values without a word once the
 * components have changed.
 *
 * <p>Objects that have lost or gained slots since, or one of whose values does not fit any more,
 * are made by the class's migration, if it has one. Without one, a slot that was stored and is gone
 * is passed over, one that was not stored is left to the class, and a value that does not fit is
 * refused.
 */
final class ShapeSerializer extends Serializer<Object> {
  private final Shape shape;
  private final int storedId;
  private final String storedName;
  private final @Nullable Migration migration;

  /**
   * Of a class.
   *
   * @param storedId the number under which its objects are found in stored bytes; that of the shape
   *     is the one under which they are written
   * @param storedName the name that this number is made of
   */
  ShapeSerializer(Shape shape, int storedId, String storedName, @Nullable Migration migration) {
    this.shape = shape;
    this.storedId = storedId;
    this.storedName = storedName;
    this.migration = migration;
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
    ValueKryo values = (ValueKryo) kryo;
    ValueInput in = (ValueInput) input;
    StoredSlots stored = values.slotsOf(storedId, in);
    if (stored == null) {
      throw new KryoException("class " + shape.type().getName() + " is not described");
    }
    if (migration != null) {
      return readOrMigrate(values, in, stored, migration);
    }
    boolean wasLenient = values.setLenient(false);
    try {
      return read(values, in, stored);
    } finally {
      values.setLenient(wasLenient);
    }
  }

  private Object read(ValueKryo kryo, ValueInput in, StoredSlots stored) {
    @Nullable Object[] values = absent();
    for (int slot : stored.plan()) {
      int length = in.readCount();
      int end = in.position() + length;
      if (slot >= 0) {
        values[slot] = read(kryo, in, end, shape.slots().get(slot));
      }
      in.setPosition(end);
    }
    return shape.make(values);
  }

  private @Nullable Object[] absent() {
    @Nullable Object[] values = new Object[shape.slots().size()];
    Arrays.fill(values, Shape.ABSENT);
    return values;
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

  private Object readOrMigrate(
      ValueKryo kryo, ValueInput in, StoredSlots stored, Migration migrating) {
    int standIns = kryo.standIns();
    StoredObject object = StoredObject.read(kryo, in, storedName, stored);
    kryo.setStandIns(standIns);
    @Nullable Object[] values = stored.isCurrent() ? fitting(object, stored) : null;
    if (values != null) {
      try {
        return shape.make(values);
      } catch (StoredValueException e) {
        kryo.fault(e); // what the class refuses today, the migration may mend
      }
    }
    return migrating.migrate(object);
  }

  /** The values of the slots of today; null if one is not what it was declared as. */
  private @Nullable Object @Nullable [] fitting(StoredObject object, StoredSlots stored) {
    @Nullable Object[] values = absent();
    List<String> names = stored.names();
    for (int i = 0; i < names.size(); i++) {
      StoredObject.Slot read = object.slots().get(names.get(i));
      int slot = stored.plan()[i];
      if (read == null
          || read.fault() != null
          || read.hasStandIns()
          || TypeFit.misfit(shape.slots().get(slot).type(), read.value()) != null) {
        return null;
      }
      values[slot] = read.value();
    }
    return values;
  }
}
