package dev.dormouse.sdk;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A key of {@link Storage} with the type of its value. It is immutable, and belongs in a constant
 * of the actor class:
 *
 * <pre>{@code
 * private static final StorageKey<Long> TOTAL = StorageKey.of("total", Long.class);
 * private static final StorageKey<List<Line>> LINES = new StorageKey<>("lines") {};
 *
 * List<Line> lines = storage().getOrDefault(LINES, List.of());
 * }</pre>
 *
 * <p>A value of a class has a key of {@link #of}. A value of a generic type has a key that is made
 * by the constructor, with braces: the subclass that they make keeps the type arguments.
 *
 * <p><b>What is checked.</b> When a value is read, its class is checked, and so is every element of
 * the JDK's collections, maps and {@code Optional}, to any depth. Type arguments of other classes
 * are not checked. Where the check fails, the read throws a {@link StoredValueException}.
 *
 * <p><b>What can be stored.</b> The classes of a key that is a field of the actor class, or of one
 * of its base classes, are registered by themselves, type arguments included. The classes of other
 * keys are named by {@link ActorOptions#stores(Class[])}.
 *
 * @param <T> the type of the value
 */
public class StorageKey<T> {
  private final String name;
  private final Type type;

  /**
   * Creates a key whose value is of a generic type. The constructor is called with braces behind
   * it: {@code new StorageKey<List<Line>>("lines") {}}.
   *
   * @param name 1 to {@value ActorOptions#STORAGE_KEY_BYTES_CEILING} bytes in UTF-8
   * @throws LimitExceededException if the name is empty or too long
   * @throws IllegalArgumentException if the type is missing or has a type variable, since values
   *     could not be checked then; or if the name has an unpaired surrogate
   */
  protected StorageKey(String name) {
    this.name = checkName(name);
    this.type = argumentOf(getClass());
    if (hasVariable(type)) {
      throw new IllegalArgumentException(
          "the type of key '"
              + name
              + "', "
              + type
              + ", has a type variable; name a class instead");
    }
  }

  private StorageKey(String name, Type type) {
    this.name = checkName(name);
    this.type = type;
  }

  /**
   * Returns a key whose value is of a class.
   *
   * @param name 1 to {@value ActorOptions#STORAGE_KEY_BYTES_CEILING} bytes in UTF-8
   * @param type for a whole number, a value that was stored as another class of whole numbers is
   *     read, too, if it fits
   * @throws LimitExceededException if the name is empty or too long
   * @throws IllegalArgumentException if the name has an unpaired surrogate
   */
  public static <T> StorageKey<T> of(String name, Class<T> type) {
    return new StorageKey<>(name, Objects.requireNonNull(type, "type"));
  }

  /**
   * Returns the key of a value of the same type whose name is this key's name and more. So one
   * constant stands for many keys that are listed by their common prefix:
   *
   * <pre>{@code
   * private static final StorageKey<Line> LINE = StorageKey.of("line/", Line.class);
   *
   * storage().put(LINE.at("000041"), line);                                    // "line/000041"
   * storage().list(KeyRange.prefix(LINE.name()).reversed().limit(100), Line.class);
   * }</pre>
   *
   * @throws LimitExceededException if the name is too long
   */
  public final StorageKey<T> at(String more) {
    return new StorageKey<>(name + more, type);
  }

  /** Returns the key's name, by which the value is stored. */
  public final String name() {
    return name;
  }

  /** Returns the type of the value: a class, or a generic type with its arguments. */
  public final Type type() {
    return type;
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof StorageKey<?> that && name.equals(that.name) && type.equals(that.type);
  }

  @Override
  public final int hashCode() {
    return 31 * name.hashCode() + type.hashCode();
  }

  /** Returns the name and the type, such as {@code total: java.lang.Long}. */
  @Override
  public final String toString() {
    return name + ": " + type.getTypeName();
  }

  private Type argumentOf(Class<?> subclass) {
    if (subclass.getGenericSuperclass() instanceof ParameterizedType base
        && base.getRawType() == StorageKey.class) {
      return base.getActualTypeArguments()[0];
    }
    throw new IllegalArgumentException(
        "key '" + name + "' has no type; write new StorageKey<List<Line>>(\"" + name + "\") {}");
  }

  private static boolean hasVariable(Type type) {
    if (type instanceof ParameterizedType generic) {
      return Arrays.stream(generic.getActualTypeArguments()).anyMatch(StorageKey::hasVariable);
    } else if (type instanceof GenericArrayType array) {
      return hasVariable(array.getGenericComponentType());
    } else if (type instanceof WildcardType wildcard) {
      return Arrays.stream(wildcard.getUpperBounds()).anyMatch(StorageKey::hasVariable);
    }
    return type instanceof TypeVariable<?>;
  }

  private static String checkName(String name) {
    if (bytesOf("a storage key", name).length == 0) {
      throw new LimitExceededException(
          "a storage key",
          0,
          1,
          "bytes",
          "a storage key must have at least 1 byte, and this one is empty");
    }
    return name;
  }

  /**
   * Returns the bytes by which a key is stored and ordered.
   *
   * @param what the name of the text, for messages
   */
  static byte[] bytesOf(String what, String key) {
    Objects.requireNonNull(key, () -> what + " is null");
    ByteBuffer bytes;
    try {
      bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(key));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(what + " has an unpaired surrogate", e);
    }
    if (bytes.remaining() > ActorOptions.STORAGE_KEY_BYTES_CEILING) {
      throw new LimitExceededException(
          what, bytes.remaining(), ActorOptions.STORAGE_KEY_BYTES_CEILING, "bytes");
    }
    byte[] encoded = new byte[bytes.remaining()];
    bytes.get(encoded);
    return encoded;
  }
}
