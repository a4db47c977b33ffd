package dev.dormouse.storage;

import java.util.Collection;

/** Makes codecs. */
public final class Codecs {
  static {
    // Kryo's fast paths go by sun.misc.Unsafe, of which newer JDKs warn; ours do without them.
    if (System.getProperty("kryo.unsafe") == null) {
      System.setProperty("kryo.unsafe", "false");
    }
  }

  private Codecs() {}

  /**
   * A codec that writes the JDK's plain values and the classes that are named, by Kryo.
   *
   * <p>A record, a class with a constructor without parameters, an enum, or an array of those may
   * be named. A sealed type stands for the subtypes it permits. The order does not matter. Names of
   * the JDK's own value and collection types are passed over.
   *
   * <p>Stored bytes name classes by their binary names, and components and fields by theirs: those
   * must stay, while their order may change and others may come and go. A record's component that
   * is missing from the bytes is null, 0 or false; a field that is, is as the constructor leaves
   * it. Enum constants are stored by name. Equal or cyclic references are not kept: an object that
   * is referred to twice is two objects afterwards, and one that contains itself is refused, as is
   * what nests more than 100 deep.
   *
   * @throws IllegalArgumentException if a class cannot be stored, if a component, field or type
   *     argument is of a final class, record or enum that is not named, or if the names of two
   *     classes collide; the message names them
   */
  public static ValueCodec kryo(Collection<Class<?>> named) {
    return new KryoCodec(named, Class::getName);
  }
}
