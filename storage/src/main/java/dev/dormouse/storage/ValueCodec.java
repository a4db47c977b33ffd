package dev.dormouse.storage;

import java.util.List;

/**
 * Turns the values of one actor type into bytes and back. May be called from any thread.
 *
 * <p>It writes and makes only classes that the type's author named, and the JDK's plain value
 * types.
 */
public interface ValueCodec {

  /**
   * The bytes of a value.
   *
   * @param bytesMax the most bytes it may take
   * @throws dev.dormouse.sdk.StoredValueException if the value, or something inside it, is of a
   *     class that was not named; the message names the class
   * @throws dev.dormouse.sdk.LimitExceededException if it takes more; the message names the class
   *     and the limit
   */
  byte[] encode(Object value, int bytesMax);

  /**
   * The value of bytes that {@link #encode} wrote, with these or with earlier fields of its class.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the bytes cannot be read
   */
  default Object decode(byte[] bytes) {
    return decode(bytes, Object.class);
  }

  /**
   * The same, of a class: another one is refused, unless there is a migration to this class.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the bytes cannot be read, or hold a value of
   *     another class; the message names both
   */
  <T> T decode(byte[] bytes, Class<T> type);

  /**
   * What the bytes hold, for people to look at: lists, and maps with texts as keys, of texts,
   * numbers, booleans and nulls. Makes no object of the classes that were named, and needs none of
   * them: of others the fields are told, too. An object is a map of its fields and {@code @class}, a
   * map with other keys than texts a list of pairs. What cannot be read is a map of {@code
   * @unreadable}, the reason, and {@code @hex}.
   */
  Object describe(byte[] bytes);

  /**
   * What the bytes hold that {@link #decode(byte[])} passes over: components and fields that their
   * class does not have today, and that no migration takes on. Each is named with its class, once.
   *
   * @throws dev.dormouse.sdk.StoredValueException if the bytes cannot be read
   */
  List<String> passedOver(byte[] bytes);
}
