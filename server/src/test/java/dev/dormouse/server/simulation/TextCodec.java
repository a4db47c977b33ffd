package dev.dormouse.server.simulation;

import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.storage.codec.ValueCodec;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes texts, numbers and badges: a letter for the kind, then UTF-8. */
final class TextCodec implements ValueCodec {

  /** An attachment that is changed in place. */
  static final class Badge {
    String text;

    Badge(String text) {
      this.text = text;
    }
  }

  @Override
  public byte[] encode(Object value, int bytesMax) {
    byte[] bytes = describe(value).getBytes(StandardCharsets.UTF_8);
    if (bytes.length > bytesMax) {
      throw new LimitExceededException("a value", bytes.length, bytesMax, "bytes");
    }
    return bytes;
  }

  @Override
  public List<String> passedOver(byte[] bytes) {
    return List.of();
  }

  @Override
  public Object decode(byte[] bytes, Type type) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    String rest = text.substring(1);
    Object value =
        switch (text.charAt(0)) {
          case 'B' -> new Badge(rest);
          case 'L' -> Long.valueOf(rest);
          default -> rest;
        };
    if (!(type instanceof Class<?> wanted && wanted.isInstance(value))) {
      throw new StoredValueException(text + " is no " + type, null);
    }
    return value;
  }

  @Override
  public Object describe(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Returns the text of a value in a {@link Picture}. */
  static String describe(Object value) {
    return value instanceof Badge badge
        ? "B" + badge.text
        : value instanceof Long number ? "L" + number : "S" + value;
  }

  /** Returns the text of a value, or null if there is none. */
  static @Nullable String describeOrNull(@Nullable Object value) {
    return value == null ? null : describe(value);
  }
}
