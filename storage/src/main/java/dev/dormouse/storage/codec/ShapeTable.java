package dev.dormouse.storage.codec;

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
 * The table of shapes at the head of a stored value: the names of the slots of each class, once,
 * however many objects of the class follow.
 *
 * <pre>
 * number of entries · for each: its length · id of the class · number of slots · their names
 * </pre>
 *
 * <p>Numbers have variable length. The table lets a reader find slots by name and not by order, and
 * pass over the objects of classes that no longer exist.
 */
final class ShapeTable {
  private ShapeTable() {}

  /** Returns the number of bytes that {@link #write} writes. */
  static long bytesOf(Collection<Shape> shapes) {
    long bytes = Output.varIntLength(shapes.size(), true);
    for (Shape shape : shapes) {
      bytes += Output.varIntLength(shape.entry().length, true) + shape.entry().length;
    }
    return bytes;
  }

  /** Writes the table of some shapes. */
  static void write(Collection<Shape> shapes, ValueOutput out) {
    out.writeVarInt(shapes.size(), true);
    for (Shape shape : shapes) {
      out.writeVarInt(shape.entry().length, true);
      out.writeBytes(shape.entry());
    }
  }

  /**
   * Reads the table and notes the layout of each class in the Kryo.
   *
   * @param known the shapes of the known classes, by their ids
   * @throws KryoException if the bytes are no table
   */
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
      } else if (!kryo.describe(id, layoutOf(shape, in, start, end))) {
        throw new KryoException("class " + shape.type().getName() + " is described twice");
      }
      in.setPosition(end);
    }
  }

  private static Shape.Layout layoutOf(Shape shape, ValueInput in, int start, int end) {
    byte[] entry = shape.entry();
    return Arrays.equals(entry, 0, entry.length, in.getBuffer(), start, end)
        ? shape.current()
        : shape.layoutOf(namesIn(in, end));
  }

  /**
   * Reads the names of an entry, whose id was read already.
   *
   * @param end the position at which the entry must end
   */
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
