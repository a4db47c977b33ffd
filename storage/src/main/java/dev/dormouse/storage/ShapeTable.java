package dev.dormouse.storage;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Output;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

  /** Reads the table, and tells the Kryo how the classes lie in the bytes. */
  static void read(ValueInput in, Map<Integer, Shape> known, ValueKryo kryo) {
    int entries = in.readCount();
    for (int i = 0; i < entries; i++) {
      int length = in.readCount();
      int start = in.position();
      int end = start + length;
      int id = in.readVarInt(true);
      Shape shape = known.get(id);
      if (shape == null) {
        kryo.describe(id, start, end);
      } else if (!kryo.describe(id, slotsOf(shape, in, start, end))) {
        throw new KryoException("class " + shape.type().getName() + " is described twice");
      }
      in.setPosition(end);
    }
  }

  private static StoredSlots slotsOf(Shape shape, ValueInput in, int start, int end) {
    byte[] entry = shape.entry();
    return Arrays.equals(entry, 0, entry.length, in.getBuffer(), start, end)
        ? shape.current()
        : StoredSlots.of(shape, namesIn(in, end));
  }

  /** The names of an entry that ends there, behind the id. */
  static List<String> namesIn(ValueInput in, int end) {
    int count = in.readCount();
    List<String> names = new ArrayList<>();
    Set<String> distinct = new HashSet<>();
    for (int i = 0; i < count; i++) {
      String name = in.readString();
      if (name == null || !distinct.add(name)) {
        throw new KryoException("the description of a class has the field " + name + " twice");
      }
      names.add(name);
    }
    if (in.position() != end) {
      throw new KryoException("the description of a class has no end");
    }
    return names;
  }
}
