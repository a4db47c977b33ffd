package dev.dormouse.storage;

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
  Object decode(byte[] bytes);
}
