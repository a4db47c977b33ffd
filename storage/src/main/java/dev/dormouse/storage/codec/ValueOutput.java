package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.io.Output;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A Kryo output with the product's own form of strings, and with chunks. A chunk is a length, then
 * that many bytes.
 *
 * <p>A null string is {@code 0}. Other strings are {@code 1 + 2 * length} and UTF-8, or {@code 2 +
 * 2 * length} and UTF-16 if unpaired surrogates rule out UTF-8. Lengths are in bytes, written as
 * variable-length numbers.
 */
final class ValueOutput extends Output {

  @Override
  public void writeString(@Nullable String text) {
    if (text == null) {
      writeVarInt(0, true);
      return;
    }
    boolean isUtf8 = isWellFormed(text);
    byte[] bytes = isUtf8 ? text.getBytes(StandardCharsets.UTF_8) : utf16(text);
    writeVarInt(Math.addExact(Math.multiplyExact(2, bytes.length), isUtf8 ? 1 : 2), true);
    writeBytes(bytes);
  }

  /**
   * Begins a chunk.
   *
   * @return the start of the chunk, to be given to {@link #endChunk}
   */
  int beginChunk() {
    writeByte(0); // most lengths take one byte
    return position;
  }

  /**
   * Ends a chunk: writes its length before it, and moves it if the length takes more than a byte.
   */
  void endChunk(int start) {
    int length = position - start;
    int more = varIntLength(length, true) - 1;
    if (more > 0) {
      require(more);
      System.arraycopy(buffer, start, buffer, start + more, length);
    }
    position = start - 1;
    writeVarInt(length, true);
    position += length;
  }

  private static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  /** Encodes as UTF-16 by hand: Java's encoder replaces unpaired surrogates by question marks. */
  private static byte[] utf16(String text) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Character.BYTES, text.length()));
    bytes.asCharBuffer().put(text);
    return bytes.array();
  }
}
