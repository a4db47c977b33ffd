package dev.dormouse.storage;

import dev.dormouse.sdk.StoredFields;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;

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
    return kryo(named, Map.of(), Map.of());
  }

  /**
   * The same, for classes that were renamed or changed since something was stored.
   *
   * <p>An object is made by the migration to its class if it lacks a component or field of today's,
   * has another one, or holds a value that is none of today's; likewise a value that is wanted as
   * that class and is of another one, and an enum's constant that is not there any more. Classes
   * that are migrated or renamed to count as named.
   *
   * @param renamed the classes of today by the binary names that they had; those of arrays follow
   * @param migrations makes objects of a class of what is stored
   * @throws IllegalArgumentException also if a class cannot be migrated to, or if an older name is
   *     that of another class
   */
  public static ValueCodec kryo(
      Collection<Class<?>> named,
      Map<String, Class<?>> renamed,
      Map<Class<?>, Function<StoredFields, ?>> migrations) {
    return new KryoCodec(new Naming(named, renamed, migrations), Class::getName);
  }
}
