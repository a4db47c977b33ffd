package dev.dormouse.storage.codec;

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
 * The stored form of an object: its slots, each a chunk that holds the class of the value and the
 * value. The {@link ShapeTable} at the head of the stored value names the slots.
 *
 * <p>Kryo's own serializers of records go by the order of the components, and silently read other
 * values once the components have changed.
 *
 * <p>If the class has a migration, the migration makes each object that has lost or gained slots or
 * holds a value that no longer fits. Without a migration, a stored slot that no longer exists is
 * passed over, a slot that was not stored keeps the class's default, and a value that does not fit
 * is refused.
 */
final class ShapeSerializer extends Serializer<Object> {
  private final Shape shape;
  private final int storedId;
  private final String storedName;
  private final @Nullable Migration migration;

  /**
   * Creates the stored form of a class under one of its ids.
   *
   * @param shape the class's shape, whose id is the one that objects are written with
   * @param storedId the id that objects are read by, which is older if the class was renamed
   * @param storedName the class name that {@code storedId} was made of
   * @param migration the class's migration; null if it has none
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
    Shape.Layout stored = values.layoutOf(storedId, in);
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

  private Object read(ValueKryo kryo, ValueInput in, Shape.Layout stored) {
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
      ValueKryo kryo, ValueInput in, Shape.Layout stored, Migration migrating) {
    int standIns = kryo.standIns();
    StoredObject object = StoredObject.read(kryo, in, storedName, stored);
    kryo.setStandIns(standIns);
    @Nullable Object[] values = stored.isCurrent() ? fitting(object, stored) : null;
    if (values != null) {
      try {
        return shape.make(values);
      } catch (StoredValueException e) {
        kryo.fault(e); // the migration may make an object of what the class refuses
      }
    }
    return migrating.migrate(object);
  }

  /** Returns the values of today's slots, or null if one does not fit its declared type. */
  private @Nullable Object @Nullable [] fitting(StoredObject object, Shape.Layout stored) {
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
