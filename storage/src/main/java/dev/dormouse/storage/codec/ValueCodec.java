package dev.dormouse.storage.codec;

import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns the values of one actor type into bytes and back. Any thread may call every method.
 *
 * <p>A codec writes and makes only objects of the classes that the type's author named, and of the
 * JDK's plain value types.
 */
public interface ValueCodec {

  /**
   * Encodes a value.
   *
   * @param bytesMax the greatest number of bytes that the value may take
   * @throws dev.dormouse.sdk.StoredValueException if the value, or an object inside it, is of a
   *     class that was not named; the message names the class
   * @throws dev.dormouse.sdk.LimitExceededException if the value takes more than {@code bytesMax}
   *     bytes; the message names the class and the limit
   */
  byte[] encode(Object value, int bytesMax);

  /**
   * Decodes a value that {@link #encode} wrote, with today's or with earlier fields of its class.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the bytes cannot be read
   */
  default Object decode(byte[] bytes) {
    return decode(bytes, Object.class);
  }

  /**
   * Decodes a value of a class, as {@link #decode(byte[], Type)} does; for a primitive type, the
   * value is its box.
   */
  @SuppressWarnings("unchecked") // the value was checked against the type
  default <T> T decode(byte[] bytes, Class<T> type) {
    return (T) decode(bytes, (Type) type);
  }

  /**
   * Decodes a value of a type. A value of another type is refused, unless a migration to the wanted
   * class was given. The type arguments of the JDK's collections, maps and {@code Optional} are
   * checked against every element, those of other types are not. A whole number fits any class of
   * whole numbers that can hold it.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the bytes cannot be read, or hold a value of
   *     another type; the message names both types
   */
  Object decode(byte[] bytes, Type type);

  /**
   * Describes the value that the bytes hold, for people to look at. The description has lists, maps
   * with texts as keys, texts, numbers, booleans and nulls.
   *
   * <p>An object is described as a map of its fields and {@code @class}, and a map that has other
   * keys than texts as a list of pairs. Bytes that cannot be read are described by {@link
   * #unreadable}, and no exception is thrown. No object of a named class is made, and the fields of
   * unknown classes are described too.
   */
  Object describe(byte[] bytes);

  /**
   * Describes bytes that cannot be read, as {@link #describe} does: a map of {@code @unreadable},
   * the reason, and {@code @hex}, the bytes.
   */
  static Map<String, Object> unreadable(Throwable fault, byte[] bytes) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put(PlainValues.UNREADABLE, String.valueOf(fault.getMessage()));
    shown.putAll(PlainValues.hexOf(bytes));
    return shown;
  }

  /**
   * Lists the components and fields in the bytes that {@link #decode(byte[])} passes over, because
   * their class no longer has them and no migration reads them. Each is named once, with its class.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the bytes cannot be read
   */
  List<String> passedOver(byte[] bytes);
}
