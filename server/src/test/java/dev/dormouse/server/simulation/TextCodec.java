package dev.dormouse.server.simulation;

import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.storage.ValueCodec;
import java.nio.charset.StandardCharsets;

/** Writes texts, and badges: a letter for the kind, then UTF-8. */
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
  public <T> T decode(byte[] bytes, Class<T> type) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return type.cast(text.charAt(0) == 'B' ? new Badge(text.substring(1)) : text.substring(1));
  }

  @Override
  public Object describe(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What a value is in a {@link Picture}. */
  static String describe(Object value) {
    return value instanceof Badge badge ? "B" + badge.text : "S" + value;
  }
}
