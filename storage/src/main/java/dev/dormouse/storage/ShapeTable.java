package dev.dormouse.storage;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Output;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The table of shapes that stands before a value: the names of slots, once for each class, however
 * many objects follow.
 *
 * <pre>
 * number of entries · for each: its length · id of the class · number of slots · their names
 * </pre>
 *
 * <p>Numbers have variable length. With this, bytes are read by names and not by order, and classes
 * that have gone can be passed over.
 */
final class ShapeTable {
  private static final int ENTRY_BYTES_FIRST = 128;

  private ShapeTable() {}

  /** The entry of a shape, its length left out. */
  static byte[] entryOf(int id, List<String> names) {
    ValueOutput out = new ValueOutput();
    out.setBuffer(new byte[ENTRY_BYTES_FIRST], -1);
    out.writeVarInt(id, true);
    out.writeVarInt(names.size(), true);
    names.forEach(out::writeString);
    return out.toBytes();
  }

  /** How many bytes {@link #write} takes. */
  static long bytesOf(Collection<Shape> shapes) {
    long bytes = Output.varIntLength(shapes.size(), true);
    for (Shape shape : shapes) {
      bytes += Output.varIntLength(shape.entry().length, true) + shape.entry().length;
    }
    return bytes;
  }

  /** Writes the table. */
  static void write(Collection<Shape> shapes, ValueOutput out) {
    out.writeVarInt(shapes.size(), true);
    for (Shape shape : shapes) {
      out.writeVarInt(shape.entry().length, true);
      out.writeBytes(shape.entry());
    }
  }

  /** Reads the table, and tells the Kryo where the stored slots of the known shapes go. */
  static void read(ValueInput in, Map<Integer, Shape> known, ValueKryo kryo) {
    int entries = in.readCount();
    for (int i = 0; i < entries; i++) {
      int length = in.readCount();
      int start = in.position();
      int end = start + length;
      int id = in.readVarInt(true);
      Shape shape = known.get(id);
      if (shape != null && !kryo.plan(id, planOf(shape, in, start, end))) {
        throw new KryoException("class " + shape.type().getName() + " is described twice");
      }
      in.setPosition(end);
    }
  }

  private static int[] planOf(Shape shape, ValueInput in, int start, int end) {
    byte[] entry = shape.entry();
    int[] plan;
    if (Arrays.equals(entry, 0, entry.length, in.getBuffer(), start, end)) {
      plan = new int[shape.slots().size()];
      Arrays.setAll(plan, i -> i);
      return plan;
    }
    plan = new int[in.readCount()];
    for (int i = 0; i < plan.length; i++) {
      String name = in.readString();
      int slot = shape.indexOf(name);
      for (int earlier = 0; slot >= 0 && earlier < i; earlier++) {
        if (plan[earlier] == slot) {
          throw new KryoException("class " + shape.type().getName() + " has " + name + " twice");
        }
      }
      plan[i] = slot;
    }
    if (in.position() != end) {
      throw new KryoException("the description of " + shape.type().getName() + " has no end");
    }
    return plan;
  }
}
