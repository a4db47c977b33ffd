package dev.dormouse.storage.codec;

import dev.dormouse.sdk.StoredFields;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;

/** The factory of codecs. Any thread may call every method. */
public final class Codecs {
  static {
    // Kryo's fast paths use sun.misc.Unsafe, which newer JDKs warn about; no codec needs them.
    if (System.getProperty("kryo.unsafe") == null) {
      System.setProperty("kryo.unsafe", "false");
    }
  }

  private Codecs() {}

  /**
   * Makes a codec for the JDK's plain values and the objects of the named classes, built on Kryo.
   *
   * <p>A named class may be a record, a class with a constructor without parameters, an enum, or an
   * array of those. A sealed type stands for the subtypes that it permits, and a generic type also
   * for the classes of its arguments. The types of a named class's components or fields count as
   * named, and so do theirs. The order of the types does not matter. The JDK's own value and
   * collection types need not be named.
   *
   * <p>Stored bytes refer to classes by their binary names, and to components and fields by theirs.
   * Those names must stay, while the order of fields may change and fields may come and go. A
   * record's component that is missing from the bytes is null, 0 or false; a field of another class
   * that is missing keeps the value that the constructor gave it. Enum constants are stored by
   * name.
   *
   * <p>References are not kept: an object that is referred to twice becomes two objects, and an
   * object that contains itself is refused, as is a value that nests more than 100 deep.
   *
   * @throws IllegalArgumentException if a class cannot be stored, if no class of the objects of an
   *     abstract one is known, or if the names of two classes collide; the message has a line for
   *     each, with the class, the component or field of its type, and the remedy
   */
  public static ValueCodec kryo(Collection<? extends Type> named) {
    return kryo(named, Map.of(), Map.of());
  }

  /**
   * Makes a codec, as {@link #kryo(Collection)} does, for classes that were renamed or changed
   * after their objects were stored.
   *
   * <p>The migration to a class makes an object if the stored object lacks a slot (a component or
   * field) of today's class, has a slot that today's class lacks, or holds a value that does not
   * fit. The migration also makes an object if a value of another class is wanted as its class, and
   * if a stored enum constant no longer exists. Classes with a migration or an older name count as
   * named.
   *
   * @param renamed today's classes by the binary names that they had earlier; the names of their
   *     arrays follow
   * @param migrations for a class, the function that makes its objects from earlier stored forms
   * @throws IllegalArgumentException as {@link #kryo(Collection)} says, and if a class cannot be
   *     migrated to, or an older name belongs to another class
   */
  public static ValueCodec kryo(
      Collection<? extends Type> named,
      Map<String, Class<?>> renamed,
      Map<Class<?>, Function<StoredFields, ?>> migrations) {
    return new KryoCodec(new ClassDeclarations(named, renamed, migrations), Class::getName);
  }
}
